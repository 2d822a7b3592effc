"""Search, suggestions, hashtags and trends as Mastodon clients know them."""
