"""Reports, and Mastodon's API for staff."""
