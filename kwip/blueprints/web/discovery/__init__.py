"""Explore, search, completion, featured hashtags and people, archives, statistics.

Calls no other package of pages.
"""
