"""What staff look for in the browser, and the forms of their acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from marshmallow import fields

from kwip.domain.accounts.audit_log import Action, AuditQuery
from kwip.domain.accounts.members import MemberQuery, MemberState
from kwip.domain.accounts.roles import Role
from kwip.domain.ids import UserId
from kwip.schemas.body import Id, StrictSchema, Text, line
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

_Kind = TypeVar("_Kind", bound=StrEnum)

STATE_NAMES: Mapping[MemberState, str] = {
    MemberState.ACTIVE: lazy_gettext("Active"),
    MemberState.SILENCED: lazy_gettext("Limited"),
    MemberState.SUSPENDED: lazy_gettext("Suspended"),
    MemberState.UNCONFIRMED: lazy_gettext("Email not confirmed"),
}
ACTION_NAMES: Mapping[Action, str] = {
    Action.SUSPEND_USER: lazy_gettext("Suspended the account"),
    Action.UNSUSPEND_USER: lazy_gettext("Lifted the suspension"),
    Action.SILENCE_USER: lazy_gettext("Limited the account"),
    Action.UNSILENCE_USER: lazy_gettext("Removed the limit"),
    Action.SET_ADMIN: lazy_gettext("Changed administrator rights"),
    Action.SET_ROLE: lazy_gettext("Changed the role"),
    Action.CONFIRM_EMAIL: lazy_gettext("Confirmed the email address"),
    Action.SEE_EMAIL: lazy_gettext("Looked up the email address"),
    Action.END_SESSIONS: lazy_gettext("Ended all sessions"),
    Action.SEND_RESET: lazy_gettext("Sent a link to reset the password"),
    Action.NOTE_USER: lazy_gettext("Added a note"),
    Action.SET_PASSWORD: lazy_gettext("Set a new password"),
    Action.RESET_TWO_FACTOR: lazy_gettext("Turned off two-factor authentication"),
    Action.PASSWORD_LINK: lazy_gettext("Created a link to reset the password"),
    Action.DELETE_USER: lazy_gettext("Deleted the account"),
    Action.CLOSE_ACCOUNT: lazy_gettext("Closed their account"),
    Action.REOPEN_ACCOUNT: lazy_gettext("Reopened their account"),
    Action.APPROVE_USER: lazy_gettext("Approved a request to join"),
    Action.REJECT_USER: lazy_gettext("Declined a request to join"),
    Action.CREATE_INVITATION: lazy_gettext("Created an invitation"),
    Action.END_INVITATION: lazy_gettext("Ended an invitation"),
    Action.INVITE_WAITING: lazy_gettext("Invited someone from the waiting list"),
    Action.CHANGE_SITE: lazy_gettext("Changed site settings"),
    Action.BLOCK_DOMAIN: lazy_gettext("Blocked email from"),
    Action.UNBLOCK_DOMAIN: lazy_gettext("Unblocked email from"),
    Action.ADD_EMOJI: lazy_gettext("Added the emoji"),
    Action.REMOVE_EMOJI: lazy_gettext("Removed the emoji"),
    Action.PRUNE_MEDIA: lazy_gettext("Removed unused files"),
    Action.CREATE_TOKEN: lazy_gettext("Created a token"),
    Action.WARN_USER: lazy_gettext("Sent a warning"),
    Action.DELETE_POSTS: lazy_gettext("Deleted kwips"),
    Action.DELETE_GUEST_REPLY: lazy_gettext("Deleted a guest reply"),
    Action.MARK_POSTS: lazy_gettext("Marked kwips as sensitive"),
    Action.UNMARK_POSTS: lazy_gettext("Unmarked kwips as sensitive"),
    Action.LIFT_STRIKE: lazy_gettext("Lifted a decision"),
    Action.REJECT_APPEAL: lazy_gettext("Rejected an appeal"),
    Action.NOTE_REPORT: lazy_gettext("Added a note to a report"),
    Action.ASSIGN_REPORT: lazy_gettext("Assigned a report to themselves"),
    Action.UNASSIGN_REPORT: lazy_gettext("Unassigned a report"),
    Action.RESOLVE_REPORT: lazy_gettext("Resolved a report"),
    Action.REOPEN_REPORT: lazy_gettext("Reopened a report"),
    Action.EDIT_REPORT: lazy_gettext("Changed a report"),
    Action.ADD_ANNOUNCEMENT: lazy_gettext("Added an announcement"),
    Action.EDIT_ANNOUNCEMENT: lazy_gettext("Changed an announcement"),
    Action.PUBLISH_ANNOUNCEMENT: lazy_gettext("Published an announcement"),
    Action.END_ANNOUNCEMENT: lazy_gettext("Ended an announcement"),
    Action.CHANGE_DISCOVERY: lazy_gettext("Changed what may trend or be found"),
    Action.REMOVE_ANNOUNCEMENT: lazy_gettext("Deleted an announcement"),
    Action.LEAVE_OUT_MAIL: lazy_gettext("Sent no email about the decision"),
}


def actions() -> list[tuple[str, str]]:
    """Return what can be done, with its name."""
    return [(action.value, action_name(action)) for action in Action]


def action_name(action: Action) -> str:
    """Return what was done, for pages."""
    return str(ACTION_NAMES[action])


def _known(kind: type[_Kind], text: str) -> _Kind | None:
    """Return a value of a form; None for any, and for what there is not."""
    return next((value for value in kind if value.value == text), None)


class MembersQuery(StrictSchema[MemberQuery]):
    """The query of the list of members."""

    q = line(is_required=False)
    role = fields.String(load_default="")
    state = fields.String(load_default="")
    order = fields.String(load_default="")
    beyond = Id(load_default=None)

    def make(
        self, *, q: str, role: str, state: str, order: str, beyond: int | None
    ) -> MemberQuery:
        """Build the query."""
        return MemberQuery(
            search=q,
            role=_known(Role, role),
            state=_known(MemberState, state),
            is_oldest_first=order == "oldest",
            beyond=None if beyond is None else UserId(beyond),
        )


class AuditLogQuery(StrictSchema[AuditQuery]):
    """The query of the audit log."""

    actor = line(is_required=False)
    action = fields.String(load_default="")
    subject = line(is_required=False)
    before = Id(load_default=None)

    def make(
        self, *, actor: str, action: str, subject: str, before: int | None
    ) -> AuditQuery:
        """Build the query."""
        return AuditQuery(
            actor=actor.strip().removeprefix("@"),
            action=_known(Action, action),
            subject=subject.strip(),
            before=before,
        )


@dataclass(frozen=True, slots=True)
class StaffAct:
    """What staff enter for an act: for each other, and for the person."""

    reason: str
    role: Role
    text: str
    sends_mail: bool


class StaffActForm(StrictSchema[StaffAct]):
    """The one form of a member's page: all its buttons send all its fields."""

    reason = Text(load_default="")
    text = Text(load_default="")
    without_mail = fields.Boolean(load_default=False)
    role = fields.Enum(
        Role,
        by_value=True,
        load_default=Role.MEMBER,
        error_messages={"unknown": lazy_gettext("Choose one of the options.")},
    )

    def make(
        self, *, reason: str, role: Role, text: str, without_mail: bool
    ) -> StaffAct:
        """Build the value."""
        return StaffAct(reason, role, text, not without_mail)


@dataclass(frozen=True, slots=True)
class TypedEmoji:
    """A new emoji as typed, without its file."""

    shortcode: str
    category: str


class EmojiForm(StrictSchema[TypedEmoji]):
    """A new custom emoji."""

    shortcode = line()
    category = line(is_required=False)

    def make(self, *, shortcode: str, category: str) -> TypedEmoji:
        """Build the value."""
        return TypedEmoji(shortcode, category)


class EmojiRemovalForm(StrictSchema[str]):
    """Which emoji to remove."""

    shortcode = line()

    def make(self, *, shortcode: str) -> str:
        """Return its short code."""
        return shortcode


@dataclass(frozen=True, slots=True)
class TypedDomain:
    """A domain or an address, and why something is done about it."""

    domain: str
    reason: str


class DomainForm(StrictSchema[TypedDomain]):
    """A domain or an address to block or to allow again."""

    domain = line()
    reason = Text(load_default="")

    def make(self, *, domain: str, reason: str) -> TypedDomain:
        """Build the value."""
        return TypedDomain(domain, reason)
