"""Reports, what moderators do about them, and appeals.

May call accounts (which suspends and silences), posting, search, mail and what is
below these.
"""
