"""What people do with a post: favourites, bookmarks, reposts and votes.

Imports the counters and documents of posts.
"""
