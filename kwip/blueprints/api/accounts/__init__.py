"""Accounts as Mastodon clients know them."""
