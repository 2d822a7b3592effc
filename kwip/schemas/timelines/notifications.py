"""Notifications and markers: Mastodon's entities, and their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marshmallow import fields, missing

from kwip.domain.ids import UserId
from kwip.domain.moderation.strikes import Act
from kwip.domain.timelines.markers import MARKED, Marked
from kwip.domain.timelines.notifications import (
    APP_TYPES,
    EVERY_KIND,
    NotificationKind,
    Selection,
)
from kwip.domain.timelines.pages import PageRequest
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.body import BodySchema, Id, StrictSchema, Text, Words
from kwip.schemas.dumping import DumpSchema, Instant, instant
from kwip.schemas.pages import Limit
from kwip.schemas.posting.polls import WithVotes
from kwip.schemas.posting.posts import StatusSchema
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.timelines.notifications import NotificationView
    from kwip.schemas.urls import Urls

#: Mastodon's word for each act.
_ACTIONS = {
    Act.WARN: "none",
    Act.SENSITIVE: "mark_statuses_as_sensitive",
    Act.DELETE: "delete_statuses",
    Act.SILENCE: "silence",
    Act.SUSPEND: "suspend",
}
#: Kinds that an app may group into one sentence.
_GROUPED = {NotificationKind.REPOST, NotificationKind.FAVOURITE}


class NotificationSchema(DumpSchema):
    """A `NotificationView` as Mastodon's Notification."""

    id = fields.String()
    type = fields.Function(lambda view: APP_TYPES[view.kind])
    created_at = Instant()
    group_key = fields.Method("get_group_key")
    account = fields.Method("get_account")
    status = fields.Method("get_status")
    moderation_warning = fields.Method("get_warning")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._accounts = AccountSchema(urls, is_signed_in=is_signed_in)
        self._statuses = StatusSchema(urls, is_signed_in=is_signed_in)

    def get_group_key(self, view: NotificationView) -> str:
        """Return the key of notifications that may be grouped."""
        if view.post is not None and view.kind in _GROUPED:
            return f"{APP_TYPES[view.kind]}-{view.post.post.id}"
        return f"ungrouped-{view.id}"

    def get_account(self, view: NotificationView) -> object:
        """Return who did it."""
        return self._accounts.dump(view.actor, many=False)

    def get_status(self, view: NotificationView) -> object:
        """Return the post it is about, if there is one."""
        return None if view.post is None else self._statuses.dump(view.post, many=False)

    def get_warning(self, view: NotificationView) -> object:
        """Return what a moderator decided, as Mastodon's AccountWarning.

        Other notifications do not have the key.
        """
        strike = view.strike
        if strike is None:
            return missing
        return {
            "id": str(strike.id),
            "action": _ACTIONS[strike.act],
            "text": strike.text,
            "status_ids": [str(post_id) for post_id in strike.post_ids] or None,
            "target_account": self._accounts.dump(view.actor, many=False),
            "appeal": None,
            "created_at": instant(strike.created_at),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of notifications, and which of them."""

    page: PageRequest
    wanted: Selection


class NotificationsQuery(BodySchema[Asked]):
    """A page, `types[]`, `exclude_types[]` and `account_id`.

    Types that Kwip does not have are accepted and match nothing.
    """

    limit = Limit()
    max_id = Id(load_default=None)
    since_id = Id(load_default=None)
    min_id = Id(load_default=None)
    types = Words()
    exclude_types = Words()
    account_id = Id(load_default=None)

    def make(
        self,
        *,
        types: list[str],
        exclude_types: list[str],
        account_id: int | None,
        **page: Any,
    ) -> Asked:
        """Build the page and the wanted."""
        kinds = frozenset(
            kind
            for kind in EVERY_KIND
            if (not types or APP_TYPES[kind] in types)
            and APP_TYPES[kind] not in exclude_types
        )
        return Asked(PageRequest(**page), Selection(kinds, UserId(account_id or 0)))


class MarkerSchema(DumpSchema):
    """A `Marker` as Mastodon's."""

    last_read_id = fields.String()
    version = fields.Integer()
    updated_at = Instant()


class MarkersQuery(BodySchema[list[Marked]]):
    """`timeline[]`: the timelines whose markers are asked for."""

    timeline = Words()

    def make(self, *, timeline: list[str]) -> list[Marked]:
        """Return those that have markers, without duplicates."""
        return [name for name in MARKED if name in timeline]


class _PlaceBody(BodySchema[int]):
    """How far a timeline was read."""

    last_read_id = Id(
        required=True,
        error_messages={
            "required": lazy_gettext("Send the ID of the last entry that was read.")
        },
    )

    def make(self, *, last_read_id: int) -> int:
        """Return the id."""
        return last_read_id


class MarkersBody(BodySchema["Mapping[Marked, int]"]):
    """`home[last_read_id]` and `notifications[last_read_id]`: one of them or both."""

    home = fields.Nested(_PlaceBody)
    notifications = fields.Nested(_PlaceBody)

    def make(self, **places: int) -> Mapping[Marked, int]:
        """Return the places by timeline."""
        return {name: places[name] for name in MARKED if name in places}


class SeenForm(WithVotes, StrictSchema[int]):
    """The newest entry that a page has shown."""

    last_read_id = Id(required=True)
    next = Text(load_default="")

    def make(self, *, last_read_id: int, **_: object) -> int:
        """Return the id."""
        return last_read_id
