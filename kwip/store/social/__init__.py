"""Follows, blocks, mutes, lists and followed hashtags.

Imports `kwip.store.timelines`: a new list gets an empty timeline, and a follow
notifies.
"""
