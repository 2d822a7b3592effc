"""The parameters of widgets; all others are rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.pushdown import Kinds
from kwip.schemas.body import Id, StrictSchema
from kwip.schemas.pages import Order
from kwip.schemas.timelines import parameters
from kwip.schemas.timelines.widgets import WidgetPostSchema
from kwip.text.translation import gettext


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetRequest:
    """How many posts, between which cursors, and which keys of them.

    Without `keys`, all of them. Replies and reposts can be left out, and so can posts
    without attachments. Of a thread, `only_approved` leaves out replies that its author
    has not favourited, and `is_nested` puts replies inside the posts.
    """

    limit: int
    before: int | None
    keys: frozenset[str]
    after: int | None = None
    replies: bool = True
    reposts: bool = True
    only_media: bool = False
    only_approved: bool = False
    is_nested: bool = False
    is_active: bool = False
    as_of: int | None = None
    text: str = ""

    @property
    def kinds(self) -> Kinds:
        """Which kinds of posts are wanted."""
        return Kinds(
            replies=self.replies, reposts=self.reposts, only_media=self.only_media
        )

    @property
    def page(self) -> PageRequest:
        """The page of a timeline."""
        return PageRequest(
            limit=self.limit,
            max_id=self.before,
            since_id=self.after,
            is_active=self.is_active,
            as_of=self.as_of,
        )


class _Choice(fields.Field[bool]):
    """Whether the second of two words was given; the first is the default."""

    default_error_messages = {"invalid": parameters.ONE_OF}  # noqa: RUF012 - marshmallow's own

    def __init__(self, data_key: str, choices: tuple[str, str]):
        super().__init__(load_default=False, data_key=data_key)
        self._choices = choices

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> bool:
        if value not in self._choices:
            raise self.make_error("invalid", choices=", ".join(self._choices))
        return value == self._choices[1]


class _Keys(fields.Field[frozenset[str]]):
    """Keys of a post, joined by commas."""

    def __init__(self) -> None:
        super().__init__(load_default=frozenset, data_key="fields")

    def _deserialize(
        self, value: object, *_args: object, **_kwargs: object
    ) -> frozenset[str]:
        keys = frozenset(value.split(",")) if isinstance(value, str) else frozenset()
        known = WidgetPostSchema._declared_fields  # noqa: SLF001 - marshmallow's own
        if not keys or keys - known.keys():
            message = gettext(
                "Must be some of these, separated by commas: %(keys)s.",
                keys=", ".join(known),
            )
            raise ValidationError(message)
        return keys


class _PostsQuery(StrictSchema[WidgetRequest]):
    """`limit` (1 to 40), `before` and `fields`."""

    limit = parameters.limit()
    before = Id(load_default=None)
    keys = _Keys()

    def make(self, **values: Any) -> WidgetRequest:
        """Build the request."""
        return WidgetRequest(**values)


class ThreadWidgetQuery(_PostsQuery):
    """The parameters of a thread, which has one order."""

    is_active = Order(("recent",))
    is_nested = _Choice("shape", ("flat", "nested"))
    only_approved = _Choice("replies", ("all", "approved"))


class SearchWidgetQuery(_PostsQuery):
    """The parameters of a search, and what to search for: `q`."""

    is_active = Order(("recent",))
    text = parameters.words()


class _TimelineQuery(_PostsQuery):
    """The parameters of every timeline."""

    after = Id(load_default=None)
    only_media = parameters.flag(default=False, name="media")


class WidgetQuery(_TimelineQuery):
    """The parameters of a timeline that has an active order; `as_of` is set by us."""

    is_active = Order()
    as_of = Id(load_default=None)

    @validates_schema
    def _check_order(self, data: dict[str, object], **_: object) -> None:
        """Cursors of the active order are not those of posts."""
        if data.get("is_active") and data.get("after") is not None:
            message = gettext("Can't be used with the active order.")
            raise ValidationError(message, "after")


class _KindFields:
    """What a timeline of people may leave out."""

    replies = parameters.flag(default=True)
    reposts = parameters.flag(default=True)


class UserWidgetQuery(_KindFields, WidgetQuery):
    """The parameters of a timeline, and `replies` and `reposts`."""


class FavouritesWidgetQuery(_TimelineQuery):
    """The parameters of a timeline that has one order."""

    is_active = Order(("recent",))


class ListWidgetQuery(_KindFields, FavouritesWidgetQuery):
    """The parameters of a list: those of a user, but it has one order."""


class NoQuery(StrictSchema[None]):
    """No parameters at all."""

    def make(self) -> None:
        """Return nothing."""
