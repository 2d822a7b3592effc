"""Find posts, people and hashtags.

Calls `timelines` and `reading`; may not call `posting` and `social`.
"""
