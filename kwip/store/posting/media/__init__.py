"""Uploaded files, and previews of links."""
