"""Statuses and what belongs to one, as Mastodon clients know them."""
