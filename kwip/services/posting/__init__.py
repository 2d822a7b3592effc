"""Posts, drafts, polls, quotes, reposts, favourites, bookmarks, pins.

May call timelines (a new post is hydrated), links, media, delivery, reading and
coherence.
"""
