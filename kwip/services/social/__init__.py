"""Follows and requests to follow, mutes, blocks, notes, lists, followed hashtags.

May call timelines (a page of people shows posts), delivery (a follow notifies), media,
reading and coherence.
"""
