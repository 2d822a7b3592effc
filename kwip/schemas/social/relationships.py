"""Relationships: Mastodon's Relationship, and how to follow and mute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from kwip.domain.social.relationships import MAX_MUTE_S, FollowOptions, MuteTerms
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.body import BodySchema, Flag, Ids, NotYet, Text
from kwip.schemas.dumping import DumpSchema, Instant, constant, instant
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.ids import UserId

#: Each may cost a query; a page of posts has no more authors than this.
MAX_IDS = 80


class RelationshipSchema(DumpSchema):
    """A `Relationship` as Mastodon's. Every key is always there."""

    id = fields.String()
    following = fields.Boolean(attribute="is_following")
    showing_reblogs = fields.Boolean(attribute="shows_reposts")
    notifying = fields.Boolean(attribute="is_notifying")
    languages = constant(None)
    followed_by = fields.Boolean(attribute="is_followed_by")
    blocking = fields.Boolean(attribute="is_blocking")
    blocked_by = fields.Boolean(attribute="is_blocked_by")
    muting = fields.Boolean(attribute="is_muting")
    muting_notifications = fields.Boolean(attribute="hides_notifications")
    muting_expires_at = Instant(attribute="mute_ends_at")
    requested = fields.Boolean(attribute="is_requested")
    requested_by = fields.Boolean(attribute="is_requested_by")
    domain_blocking = constant(value=False)
    endorsed = fields.Boolean(attribute="is_endorsed")
    note = fields.String()


class AccountsQuery(BodySchema["list[UserId]"]):
    """`id[]`: the accounts in question; each once, in that order."""

    id = Ids(MAX_IDS)

    def make(self, *, id: list[UserId]) -> list[UserId]:  # noqa: A002 - its name
        """Return the ids."""
        return list(dict.fromkeys(id))


class NoteBody(BodySchema[str]):
    """`comment`: the private note; without it, the note is deleted."""

    comment = Text(load_default="", allow_none=True)

    def make(self, *, comment: str | None) -> str:
        """Return the text."""
        return comment or ""


class FollowBody(BodySchema[FollowOptions]):
    """How to follow: with notifications of new posts, and with or without reposts."""

    notify = Flag(load_default=None)
    reblogs = Flag(load_default=None)
    languages = NotYet()

    def make(
        self, *, notify: bool | None, reblogs: bool | None, **_: object
    ) -> FollowOptions:
        """Build the options; None keeps what is not sent."""
        return FollowOptions(notify, None if reblogs is None else not reblogs)


class MuteBody(BodySchema[MuteTerms]):
    """How to mute: for how many seconds, and whether notifications are hidden."""

    notifications = Flag(load_default=True)
    duration = fields.Integer(
        load_default=0,
        allow_none=True,
        validate=validate.Range(
            0, MAX_MUTE_S, error=lazy_gettext("Use 0 to {max} seconds.")
        ),
        error_messages={"invalid": lazy_gettext("Use a number of seconds.")},
    )

    def make(self, *, notifications: bool, duration: int | None) -> MuteTerms:
        """Build the terms."""
        return MuteTerms(duration or 0, notifications)


class MutedAccountSchema(AccountSchema):
    """A `UserView` of somebody who is muted, as Mastodon's MutedAccount."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Write the accounts, each with the end of its mute."""
        if many:
            return [self.dump(view, many=False) for view in obj]
        tie = obj.relationship
        ends_at = None if tie is None else tie.mute_ends_at
        ends = None if ends_at is None else instant(ends_at)
        return {**super().dump(obj.user, many=False), "mute_expires_at": ends}
