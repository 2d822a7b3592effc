"""Posts, reactions and counters, and queries for timelines that are not stored.

Imports `kwip.store.social` and `kwip.store.timelines`.
"""
