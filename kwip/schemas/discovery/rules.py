"""What staff keep out of trends, searches and previews: forms, and Mastodon's."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.administration.discovery_rules import Place, RuleKind
from kwip.schemas.body import Flag, StrictSchema, Text, line
from kwip.schemas.discovery.tags import TagSchema
from kwip.schemas.discovery.trends import TrendsLinkSchema
from kwip.schemas.dumping import constant
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.timelines.trends import LinkView

PLACE_NAMES: Mapping[Place, str] = {
    Place.TRENDS: lazy_gettext("Not in trends"),
    Place.SEARCH: lazy_gettext("Not in search or trends"),
    Place.PREVIEWS: lazy_gettext("No previews"),
}


@dataclass(frozen=True, slots=True)
class RuleInput:
    """What is to be hidden where, and why; and what was searched for before."""

    kind: RuleKind
    name: str
    places: frozenset[Place]
    reason: str
    search: str


class SearchQuery(StrictSchema[str]):
    """What to look for among hashtags."""

    q = line(is_required=False)

    def make(self, *, q: str) -> str:
        """Return it."""
        return q.strip()


class RuleForm(StrictSchema[RuleInput]):
    """Where something may be shown: a box that is not checked is not sent."""

    kind = fields.Enum(RuleKind, by_value=True, required=True)
    name = Text(required=True)
    trends = Flag(load_default=False)
    search = Flag(load_default=False)
    previews = Flag(load_default=False)
    reason = Text(load_default="")
    q = line(is_required=False)

    def make(
        self, *, kind: RuleKind, name: str, reason: str, q: str, **may: bool
    ) -> RuleInput:
        """Build the value: what is not allowed is hidden, where it could be shown."""
        places = {
            RuleKind.TAG: (Place.TRENDS, Place.SEARCH),
            RuleKind.DOMAIN: (Place.TRENDS, Place.PREVIEWS),
        }.get(kind, (Place.TRENDS,))
        hidden = frozenset(place for place in places if not may[place])
        return RuleInput(kind, name.strip(), hidden, reason, q)


class AdminTagSchema(TagSchema):
    """A `TagView` as Mastodon's Admin::Tag; the endpoint adds what the rules say."""

    requires_review = constant(value=False)
    usable = constant(value=True)


class AdminLinkSchema(TrendsLinkSchema):
    """A `LinkView` as Mastodon's Admin::Trends::Link, its id made of its address."""

    id = fields.Function(lambda link: link_id(link.url))
    requires_review = constant(value=False)


def link_id(url: str) -> str:
    """Return a number that stands for a link in Mastodon's admin API."""
    return str(int.from_bytes(blake2b(url.encode(), digest_size=7).digest()))


def find_link(links: list[LinkView], wanted: int) -> str | None:
    """Return the address of the link with an id."""
    return next((x.url for x in links if link_id(x.url) == str(wanted)), None)
