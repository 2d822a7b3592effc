"""Users, their sign-in sessions and tokens, and the first run.

Imports `kwip.store.timelines`: a new user gets an empty home in the same transaction.
"""
