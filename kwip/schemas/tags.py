"""Hashtags: Mastodon's tag."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_dump

from kwip.schemas.dumping import DumpSchema, constant


class TagSchema(DumpSchema):
    """A hashtag's folded name as Mastodon's Tag; its use is not counted yet."""

    id = fields.Function(str)
    name = fields.Function(str)
    url = fields.Method("get_url")
    history = constant([])

    def get_url(self, name: str) -> str:
        """Give the address of the hashtag's page."""
        return self.urls.tag(name)

    @post_dump
    def _tell_viewer(self, tag: dict[str, Any], **_: object) -> dict[str, Any]:
        if not self.is_signed_in:
            return tag
        return tag | {"following": False, "featuring": False}
