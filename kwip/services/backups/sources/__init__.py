"""What people bring along: archives of Kwip, Mastodon and Twitter, and tables.

Each source reads its own format and makes `ImportedKwip`s. Everything in a file may
have been written by anybody: nothing is used before it is checked.
"""
