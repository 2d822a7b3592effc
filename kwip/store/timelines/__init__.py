"""Stored timelines in buckets, notifications and read markers.

Imports no other package of the store.
"""
