"""Help people find posts and other people: trends, suggestions, the directory.

Calls `social`, `search`, `timelines` and `reading`; may not call `accounts`.
"""
