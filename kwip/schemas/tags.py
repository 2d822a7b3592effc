"""Hashtags: Mastodon's tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields, post_dump

from kwip.schemas.dumping import DumpSchema, constant

if TYPE_CHECKING:
    from kwip.domain.tags import TagView


class TagSchema(DumpSchema):
    """A `TagView` as Mastodon's Tag; its use is not counted yet."""

    id = fields.String(attribute="name")
    name = fields.String()
    url = fields.Method("get_url")
    history = constant([])

    following = fields.Boolean(attribute="is_following")
    featuring = constant(value=False)

    def get_url(self, tag: TagView) -> str:
        """Give the address of the hashtag's page."""
        return self.urls.tag(tag.name)

    @post_dump
    def _tell_viewer(self, tag: dict[str, Any], **_: object) -> dict[str, Any]:
        told = {"following", "featuring"} if not self.is_signed_in else set()
        return {key: value for key, value in tag.items() if key not in told}
