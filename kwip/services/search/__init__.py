"""Find posts, people and hashtags.

Calls `timelines`, `delivery` and `reading`; may not call `posting` and `social`.
"""
