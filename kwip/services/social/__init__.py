"""Whom people follow, mute, block and put in lists, and which hashtags they follow.

May call timelines (a page of people shows posts), delivery (a follow backfills a home),
reading and coherence.
"""
