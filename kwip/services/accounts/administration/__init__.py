"""What administrators run a site with: announcements, and figures about its use.

It may call whatever `accounts` may.
"""
