"""Follows, blocks, mutes, lists and followed hashtags, and pages that list people.

Calls no other package of pages.
"""
