"""Uploaded files, and previews of links. Imports nothing that stores posts."""
