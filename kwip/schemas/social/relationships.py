"""Relationships: Mastodon's Relationship, and parameters about several users."""

from __future__ import annotations

from marshmallow import fields

from kwip.domain.ids import UserId
from kwip.schemas.body import BodySchema, Flag, Ids, NotYet, only
from kwip.schemas.dumping import DumpSchema, constant

#: Each may cost a query; a page of posts has no more authors than this.
MAX_IDS = 80


class RelationshipSchema(DumpSchema):
    """A `Relationship` as Mastodon's. Every key is always there."""

    id = fields.String()
    following = fields.Boolean(attribute="is_following")
    showing_reblogs = fields.Boolean(attribute="is_following")
    notifying = fields.Boolean(attribute="is_notifying")
    languages = constant(None)
    followed_by = fields.Boolean(attribute="is_followed_by")
    blocking = fields.Boolean(attribute="is_blocking")
    blocked_by = fields.Boolean(attribute="is_blocked_by")
    muting = fields.Boolean(attribute="is_muting")
    muting_notifications = fields.Boolean(attribute="is_muting")
    muting_expires_at = constant(None)
    requested = fields.Boolean(attribute="is_requested")
    requested_by = fields.Boolean(attribute="is_requested_by")
    domain_blocking = constant(value=False)
    endorsed = constant(value=False)
    note = constant("")


class AccountsQuery(BodySchema[list[UserId]]):
    """`id[]`: the accounts in question; each once, in that order."""

    id = Ids(MAX_IDS)

    def make(self, *, id: list[UserId]) -> list[UserId]:  # noqa: A002 - its name
        """Return the ids."""
        return list(dict.fromkeys(id))


class FollowBody(BodySchema["bool | None"]):
    """How to follow: `notify` turns notifications of new posts on or off."""

    notify = Flag(load_default=None)
    reblogs = only(value=True)
    languages = NotYet()

    def make(self, *, notify: bool | None, **_: object) -> bool | None:
        """Return `notify`; None keeps it as it is."""
        return notify


class MuteBody(BodySchema[None]):
    """How to mute: permanently only, so a `duration` is rejected."""

    duration = NotYet()

    def make(self, **_: object) -> None:
        """Return nothing."""
