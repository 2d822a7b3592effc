"""Help people find posts and people: trends, the directory, archives, statistics.

Calls `social`, `search`, `timelines` and `reading`; may not call `accounts`.
"""
