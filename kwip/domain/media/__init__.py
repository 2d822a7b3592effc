"""Attachments, pictures, custom emoji and previews of links."""
