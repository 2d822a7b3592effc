"""Entries of the audit log: who did what to whom, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.accounts.roles import outranks
from kwip.domain.errors import ForbiddenError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.roles import Role

#: Characters of a reason.
REASON_MAX = 500
Details = Mapping[str, str | bool]


class Action(StrEnum):
    """What can be done."""

    SUSPEND_USER = "suspend_user"
    UNSUSPEND_USER = "unsuspend_user"
    SILENCE_USER = "silence_user"
    UNSILENCE_USER = "unsilence_user"
    SET_ADMIN = "set_admin"  # until there were roles
    SET_ROLE = "set_role"
    CONFIRM_EMAIL = "confirm_email"
    SEE_EMAIL = "see_email"
    END_SESSIONS = "end_sessions"
    SEND_RESET = "send_reset"
    NOTE_USER = "note_user"
    SET_PASSWORD = "set_password"  # noqa: S105 -- a name, no secret
    RESET_TWO_FACTOR = "reset_two_factor"
    PASSWORD_LINK = "password_link"  # noqa: S105 -- a name, no secret
    DELETE_USER = "delete_user"
    CLOSE_ACCOUNT = "close_account"
    REOPEN_ACCOUNT = "reopen_account"
    BLOCK_DOMAIN = "block_domain"
    UNBLOCK_DOMAIN = "unblock_domain"
    ADD_EMOJI = "add_emoji"
    REMOVE_EMOJI = "remove_emoji"
    PRUNE_MEDIA = "prune_media"
    CREATE_TOKEN = "create_token"  # noqa: S105 -- a name, no secret
    CHANGE_SITE = "change_site"
    WARN_USER = "warn_user"
    DELETE_POSTS = "delete_posts"
    MARK_POSTS = "mark_posts"
    UNMARK_POSTS = "unmark_posts"
    LIFT_STRIKE = "lift_strike"
    REJECT_APPEAL = "reject_appeal"
    NOTE_REPORT = "note_report"
    ASSIGN_REPORT = "assign_report"
    UNASSIGN_REPORT = "unassign_report"
    RESOLVE_REPORT = "resolve_report"
    REOPEN_REPORT = "reopen_report"
    CREATE_INVITATION = "create_invitation"
    END_INVITATION = "end_invitation"
    APPROVE_USER = "approve_user"
    REJECT_USER = "reject_user"
    INVITE_WAITING = "invite_waiting"
    EDIT_REPORT = "edit_report"
    ADD_ANNOUNCEMENT = "add_announcement"
    EDIT_ANNOUNCEMENT = "edit_announcement"
    PUBLISH_ANNOUNCEMENT = "publish_announcement"
    END_ANNOUNCEMENT = "end_announcement"
    REMOVE_ANNOUNCEMENT = "remove_announcement"
    CHANGE_DISCOVERY = "change_discovery"
    LEAVE_OUT_MAIL = "leave_out_mail"
    DELETE_GUEST_REPLY = "delete_guest_reply"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    "command line" with the name of the operating system's user, or "staff" with a
    username, or "user" with that of the account itself.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """On whose behalf something is done, and the reason they gave.

    `role` is that of somebody who acts on this site; None may act on everybody.
    """

    actor: Actor
    reason: str = ""
    role: Role | None = None

    def require_outranks(self, role: Role) -> None:
        """Check that it may be about somebody with a role.

        Raises:
            ForbiddenError: Whoever acts does not outrank them.
        """
        if self.role is not None and not outranks(self.role, role):
            raise ForbiddenError(
                lazy_gettext("You can only act on people whose role is below yours."),
                rule="role",
            )


#: For what Kwip does by itself.
BY_KWIP = Order(Actor("kwip", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry.

    `subject` is `@` and a username, a domain, an emoji, `media`, `site`, an
    invitation, an announcement, a hashtag, a link, or `waiting list`.
    """

    id: int
    at: dt.datetime
    actor: Actor
    action: Action
    subject: str
    reason: str = ""
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries to list, the newest first; only those before one if it is given."""

    actor: str = ""
    action: Action | None = None
    subject: str = ""
    before: int | None = None
    limit: int = 50
