"""Notifications and widgets. May call `posting` and `accounts`."""
