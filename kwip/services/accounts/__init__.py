"""Sign-up, sign-in, sessions and tokens, profiles, moderation.

May call social, media, timelines (a profile shows posts), reading and coherence.
"""
