"""Posts, drafts, polls, quotes, reposts, favourites, bookmarks, pins.

May call timelines (a new post is hydrated), delivery, reading and coherence.
"""
