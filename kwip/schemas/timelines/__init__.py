"""Notifications, widgets and feeds. May call `posting` and `accounts`."""
