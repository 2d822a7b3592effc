"""Explore, search, completion while writing, and featured hashtags.

Calls no other package of pages.
"""
