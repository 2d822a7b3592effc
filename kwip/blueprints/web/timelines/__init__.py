"""Timelines and notifications. May call `posting`, for the form above home."""
