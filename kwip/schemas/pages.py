"""Where a page of a timeline begins, in the parameters of Mastodon's clients."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from kwip.domain.ids import PostId
from kwip.domain.social.keyword_filters import FilterContext, Filtering
from kwip.domain.timelines.notifications import MAX_UNREAD
from kwip.domain.timelines.pages import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from kwip.domain.timelines.threads import ON_PAGE, ThreadPart
from kwip.schemas.body import BodySchema, Flag, Id, Ids, Text
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = re.compile(r"-?[0-9]+")
_DIGITS = 10
#: How many posts of an open page are watched.
MAX_SHOWN = 100
_STATE_MAX = 50


class Limit(fields.Field[int]):
    """How many entries; a number outside 1 to `most` is moved to the nearest."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("This is not a number."),
    }

    def __init__(self, default: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> None:
        super().__init__(load_default=default)
        self._default, self._most = default, most

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> int:
        if value == "":
            return self._default
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise self.make_error("invalid")
        # Python refuses to parse numbers of thousands of digits.
        return max(1, min(self._most, int(value[:_DIGITS])))


class Repeats(fields.Field[bool]):
    """Whether repeats are folded: `fold` or `show`."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("Must be one of: fold, show."),
    }

    def __init__(self, *, load_default: bool | None = False):
        super().__init__(load_default=load_default, data_key="repeats")

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> bool:
        if value not in ("fold", "show"):  # no set: it may be a list, which has no hash
            raise self.make_error("invalid")
        return value == "fold"


class Order(fields.Field[bool]):
    """Whether the order is `active`, by the last reply, and not `recent`."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("Must be one of: {choices}."),
    }

    def __init__(self, choices: tuple[str, ...] = ("recent", "active")) -> None:
        super().__init__(load_default=False, data_key="order")
        self._choices = choices

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> bool:
        if value not in self._choices:
            raise self.make_error("invalid", choices=", ".join(self._choices))
        return value == "active"


class PageFields:
    """The parameters of every page of a timeline, for the queries that have them.

    `as_of` is set by us, in the links of pages in active order.
    """

    limit = Limit()
    max_id = Id(load_default=None)
    since_id = Id(load_default=None)
    min_id = Id(load_default=None)
    as_of = Id(load_default=None)
    is_active = Order()
    folds_repeats = Repeats()


class PageQuery(PageFields, BodySchema[PageRequest]):
    """Where a page begins, `order` and `repeats`; other parameters are ignored."""

    def make(self, **values: Any) -> PageRequest:
        """Build the page."""
        return PageRequest(**values)


class OwnPageQuery(PageQuery):
    """The same on our own pages, which show what replies reply to.

    A setting decides about repeats, and the viewer's filters for `context` apply.
    """

    folds_repeats = Repeats(load_default=None)

    def __init__(self, context: FilterContext, *, folds_repeats: bool = True):
        super().__init__()
        self._filtering = Filtering(context=context)
        self._folds_repeats = folds_repeats

    def make(self, **values: Any) -> PageRequest:
        """Build the page."""
        if values["folds_repeats"] is None:
            values["folds_repeats"] = self._folds_repeats
        values["filtering"] = self._filtering
        return super().make(**values, shows_parents=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """A page of a timeline, and what is left out of it.

    `tag` is a hashtag as given, or empty.
    """

    page: PageRequest
    with_replies: bool
    with_reposts: bool
    only_pinned: bool
    only_media: bool
    tag: str
    is_empty: bool


class ThreadQuery(BodySchema[ThreadPart]):
    """Which part of a thread: after the reply `after`, or the one with `reply`."""

    after = Id(load_default=None)
    reply = Id(load_default=None)

    def make(self, *, after: int | None, reply: int | None) -> ThreadPart:
        """Build the part."""
        return replace(
            ON_PAGE,
            after=None if after is None else PostId(after),
            having=None if reply is None else PostId(reply),
            filtering=Filtering(context=FilterContext.THREAD),
        )


class SinceQuery(BodySchema[PageRequest]):
    """What is newer than the newest entry that a page already shows."""

    since_id = Id(required=True)
    folds_repeats = Repeats()

    def __init__(self, context: FilterContext):
        super().__init__()
        self._filtering = Filtering(context=context)

    def make(self, *, since_id: int, folds_repeats: bool) -> PageRequest:
        """Build the request, with the largest page size."""
        return PageRequest(
            limit=MAX_LIMIT,
            since_id=since_id,
            folds_repeats=folds_repeats,
            filtering=self._filtering,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage:
    """What an open page shows: the number on its badge, if it has one, and posts.

    `polls` are the states of those polls whose results it shows. Of those that are
    `awaited`, it shows no preview of their link yet.
    """

    unread: int | None
    shown: tuple[PostId, ...]
    polls: Mapping[PostId, str]
    awaited: tuple[PostId, ...]
    waits: bool


class OpenPageQuery(BodySchema[OpenPage]):
    """An open page that asks what has changed; with `wait`, until something has."""

    unread = fields.Integer(load_default=None, validate=validate.Range(0, MAX_UNREAD))
    shown = Ids(MAX_SHOWN)
    polls = fields.Dict(keys=Id(), values=Text(max_chars=_STATE_MAX), load_default=dict)
    awaited = Ids(MAX_SHOWN)
    wait = Flag(load_default=True)

    def make(
        self,
        *,
        unread: int | None,
        shown: list[PostId],
        polls: Mapping[PostId, str],
        awaited: list[PostId],
        wait: bool,
    ) -> OpenPage:
        """Build it, with each post once; polls and previews of others are left out."""
        each = dict.fromkeys(shown)
        return OpenPage(
            unread=unread,
            shown=tuple(each),
            polls={i: state for i, state in polls.items() if i in each},
            awaited=tuple(i for i in dict.fromkeys(awaited) if i in each),
            waits=wait,
        )


class FilteredQuery(PageFields, BodySchema[Filtered]):
    """A page as in `PageQuery`, and Mastodon's filters.

    Kwip has no other servers, so asking for only those returns nothing.
    """

    exclude_replies = Flag(load_default=False)
    exclude_reblogs = Flag(load_default=False)
    only_media = Flag(load_default=False)
    pinned = Flag(load_default=False)
    remote = Flag(load_default=False)
    tagged = Text(load_default="")

    def make(
        self,
        *,
        exclude_replies: bool,
        exclude_reblogs: bool,
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
            with_reposts=not exclude_reblogs,
            only_pinned=pinned,
            tag=tagged,
            only_media=only_media,
            is_empty=remote,
        )
