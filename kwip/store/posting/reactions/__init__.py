"""What people do with a post: favourites, bookmarks, reposts and votes."""
