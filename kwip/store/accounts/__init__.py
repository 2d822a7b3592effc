"""Users, how they sign up and in, and what staff do: roles, settings, the audit log.

Imports `kwip.store.timelines`: a new user gets an empty home in the same transaction.
"""
