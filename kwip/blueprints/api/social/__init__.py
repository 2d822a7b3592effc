"""Follows, lists, filters and relationships as Mastodon clients know them."""
