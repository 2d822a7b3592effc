"""Posts and counters, drafts, blogs, and queries for timelines that are not stored.

`media` has uploaded files and link previews, `reactions` what people do with a post.
Imports `kwip.store.social` and `kwip.store.timelines`.
"""
