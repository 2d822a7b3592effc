"""Mails: what is sent to whom, before it is a message, and the links in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.moderation.strikes import APPEAL_WITHIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.ids import UserId


class MailKind(StrEnum):
    """What a mail is about."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 -- a name
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- a name
    CONFIRM_EMAIL = "confirm_email"
    EMAIL_CHANGED = "email_changed"
    NEW_LOGIN = "new_login"
    TWO_FACTOR = "two_factor"
    NEW_REPORT = "new_report"
    NEW_APPEAL = "new_appeal"
    NEW_APPLICATION = "new_application"
    STRIKE = "strike"
    STRIKE_LIFTED = "strike_lifted"
    APPEAL_REJECTED = "appeal_rejected"
    NOTIFICATIONS = "notifications"
    EXPORT_READY = "export_ready"
    ACCOUNT_APPROVED = "account_approved"
    ACCOUNT_REJECTED = "account_rejected"
    WAITING_LIST = "waiting_list"
    INVITATION = "invitation"
    GUEST_REPLY = "guest_reply"
    ACCOUNT_CLOSED = "account_closed"
    CLOSURE_REMINDER = "closure_reminder"
    TEST = "test"


#: How long the link of a mail works.
LINK_LIFETIMES: Mapping[MailKind, dt.timedelta] = {
    MailKind.PASSWORD_RESET: dt.timedelta(minutes=30),
    MailKind.CONFIRM_EMAIL: dt.timedelta(hours=48),
    MailKind.EMAIL_CHANGED: dt.timedelta(days=7),
    MailKind.STRIKE: APPEAL_WITHIN,
    MailKind.WAITING_LIST: dt.timedelta(hours=48),
    MailKind.GUEST_REPLY: dt.timedelta(hours=48),
}
#: Mail to people who have no account; the mail alone knows their address.
TO_STRANGERS = frozenset(
    {
        MailKind.ACCOUNT_REJECTED,
        MailKind.WAITING_LIST,
        MailKind.INVITATION,
        MailKind.GUEST_REPLY,
        MailKind.TEST,
    }
)
#: What is deleted as soon as it is sent, so that the address is, too.
FORGOTTEN = frozenset({MailKind.ACCOUNT_REJECTED, MailKind.INVITATION})
#: What is not sent to an address that does not exist, by all we know.
OPTIONAL = frozenset(
    {
        MailKind.NEW_LOGIN,
        MailKind.NOTIFICATIONS,
        MailKind.NEW_REPORT,
        MailKind.NEW_APPEAL,
        MailKind.NEW_APPLICATION,
    }
)
#: What is sent to suspended people too.
TO_SUSPENDED = frozenset(
    {MailKind.STRIKE, MailKind.STRIKE_LIFTED, MailKind.APPEAL_REJECTED}
)
#: A mail that could not be sent within this time is a dead letter. One with a link is
#: given up with its link, if that is earlier.
_PATIENCE = dt.timedelta(days=1)


def patience_of(kind: MailKind) -> dt.timedelta:
    """Return how long sending a mail is tried."""
    return min(_PATIENCE, LINK_LIFETIMES.get(kind, _PATIENCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to send.

    Its link, if it has one, is computed from `id` when it is sent, so that no secret is
    stored. `message_id` is the same each time it is sent. `address` is for one whose
    user is not known yet what somebody typed, and 0 is then its `user_id`.
    """

    id: str
    kind: MailKind
    user_id: UserId
    address: str
    message_id: str
    created_at: dt.datetime
    details: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """Something that happened: what, a text if there is one, and where to see it."""

    said: str
    text: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail says; the text and the HTML part are both made from it.

    `action` is the label and the address of a button. `reason` says why the reader gets
    the mail. `settings` and `unsubscribe` are links of mail that can be turned off.
    """

    subject: str
    paragraphs: tuple[str, ...]
    reason: str
    action: tuple[str, str] | None = None
    after: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    settings: tuple[str, str] | None = None
    unsubscribe: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not taken; a permanent one is not tried again.

    `is_bounce` is whether the address is the reason.
    """

    problem: str
    is_permanent: bool = False
    is_bounce: bool = False
