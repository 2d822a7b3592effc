"""Trends: Mastodon's Trends::Link, and the parameters of lists without cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.media.link_previews import host_of
from kwip.domain.timelines.pages import Part
from kwip.schemas.body import BodySchema
from kwip.schemas.discovery.tags import write_history
from kwip.schemas.dumping import DumpSchema, constant
from kwip.schemas.pages import Limit
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.timelines.trends import LinkView

#: What trends have as Mastodon has it: the default, and the most.
SHORT_DEFAULT, SHORT_MAX = 10, 20
#: No list is longer.
MAX_OFFSET = 100_000


class PartFields:
    """`limit` and `offset`, for the queries that have them."""

    limit = Limit()
    offset = fields.Integer(
        load_default=0,
        error_messages={"invalid": lazy_gettext("This is not a number.")},
    )


class PartQuery(PartFields, BodySchema[Part]):
    """`limit` and `offset`; other parameters are ignored."""

    def make(self, *, limit: int, offset: int) -> Part:
        """Build the part."""
        return part_of(limit, offset)


def part_of(limit: int, offset: int) -> Part:
    """Return a part of a list; nothing lies beyond `MAX_OFFSET`."""
    return Part(limit, min(max(0, offset), MAX_OFFSET))


class ShortPartQuery(PartQuery):
    """The same for short lists, of 10 unless more are asked for, and 20 at most."""

    limit = Limit(SHORT_DEFAULT, SHORT_MAX)


class TrendsLinkSchema(DumpSchema):
    """A `LinkView` as Mastodon's Trends::Link, without a preview of the page."""

    url = fields.String()
    title = fields.Method("get_title")
    description = constant("")
    language = constant(None)
    type = constant("link")
    author_name = constant("")
    author_url = constant("")
    authors = constant([])
    provider_name = fields.Method("get_provider")
    provider_url = constant("")
    html = constant("")
    width = constant(0)
    height = constant(0)
    image = constant(None)
    image_description = constant("")
    embed_url = constant("")
    blurhash = constant(None)
    published_at = constant(None)
    history = fields.Function(lambda link: write_history(link.history))

    def get_title(self, link: LinkView) -> str:
        """Return the address, without what all addresses have."""
        return short_address(link.url)

    def get_provider(self, link: LinkView) -> str:
        """Return the host."""
        return host_of(link.url)


def short_address(url: str) -> str:
    """Write an address for people: host and path."""
    return url.partition("://")[2].removeprefix("www.").rstrip("/") or url
