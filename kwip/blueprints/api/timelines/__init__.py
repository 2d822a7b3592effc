"""Timelines and notifications as Mastodon clients know them."""
