"""Sign-up, sign-in, sessions and tokens, profiles, and what staff do to accounts.

May call social, mail, media, timelines (a profile shows posts), reading and coherence.
"""
