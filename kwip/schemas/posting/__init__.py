"""Posts and what they hold: attachments, polls, quotes, link previews, versions.

May call `accounts`.
"""
