"""Reports, what moderators do about them, and appeals.

May call accounts (which suspends and silences), posting, social, mail and reading.
"""
