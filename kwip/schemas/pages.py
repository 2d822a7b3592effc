"""Where a page of a timeline begins, as Mastodon's clients ask for it."""

from __future__ import annotations

from marshmallow import fields

from kwip.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from kwip.schemas.body import BodySchema, Id


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

    def make(
        self,
        *,
        limit: int,
        max_id: int | None,
        since_id: int | None,
        min_id: int | None,
    ) -> PageRequest:
        """Build the page."""
        return PageRequest(limit=limit, max_id=max_id, since_id=since_id, min_id=min_id)
