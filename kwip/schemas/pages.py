"""Where a page of a timeline begins, as Mastodon's clients ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from kwip.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from kwip.schemas.body import BodySchema, Flag, Id, Text


class Limit(fields.Integer):
    """How many entries: what lies outside 1 to `MAX_LIMIT` is moved to its edge."""

    def _deserialize(self, value: object, *args: object, **kwargs: object) -> int:
        if isinstance(value, str) and not value.removeprefix("-").isdecimal():
            raise self.make_error("invalid")
        if isinstance(value, str) and len(value) > len("1000"):
            value = -1 if value.startswith("-") else MAX_LIMIT
        limit = super()._deserialize(value, *args, **kwargs)
        return max(1, min(MAX_LIMIT, limit))


class PageQuery(BodySchema[PageRequest]):
    """`limit`, `max_id`, `since_id` and `min_id`; other parameters are skipped."""

    limit = Limit(load_default=DEFAULT_LIMIT)
    max_id = Id(load_default=None)
    since_id = Id(load_default=None)
    min_id = Id(load_default=None)

    def make(self, **values: Any) -> PageRequest:
        """Build the page."""
        return PageRequest(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """A page of a timeline, and what is left out of it."""

    page: PageRequest
    with_replies: bool
    is_empty: bool


class FilteredQuery(BodySchema[Filtered]):
    """A page and Mastodon's filters.

    Kwip has no media, pins, hashtags and other servers yet, so whoever asks for
    nothing but those is shown nothing.
    """

    limit = Limit(load_default=DEFAULT_LIMIT)
    max_id = Id(load_default=None)
    since_id = Id(load_default=None)
    min_id = Id(load_default=None)
    exclude_replies = Flag(load_default=False)
    only_media = Flag(load_default=False)
    pinned = Flag(load_default=False)
    remote = Flag(load_default=False)
    tagged = Text(load_default="")

    def make(
        self,
        *,
        exclude_replies: bool,
        only_media: bool,
        pinned: bool,
        remote: bool,
        tagged: str,
        **page: Any,
    ) -> Filtered:
        """Build the page and its filters."""
        return Filtered(
            page=PageRequest(**page),
            with_replies=not exclude_replies,
            is_empty=only_media or pinned or remote or bool(tagged),
        )
