"""What people write and how others react: posts, reposts, favourites, pins.

May call timelines (a new post is hydrated), delivery, reading and coherence.
"""
