"""Invitations, requests to join, and the waiting list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import UserId

#: How many invitations of a member may work at once, how many people each may invite,
#: and for how many days.
MEMBER_INVITATIONS, MEMBER_USES, MEMBER_DAYS = 10, 25, 30
#: The same of one that staff makes.
STAFF_USES, STAFF_DAYS = 10_000, 3_650
REASON_MAX, ANSWER_MAX = 1_000, 500
#: How long an address on the waiting list is kept: before it is confirmed, and after.
UNCONFIRMED, WAITS = dt.timedelta(hours=48), dt.timedelta(days=180)
#: How long the invitation of somebody on the waiting list works.
INVITED = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link with which people can sign up.

    `creator_id` is 0 for the command line, and once its creator is deleted. One
    without a time works until it is ended; one without a limit for any number of
    people. `gone_count` of those who used it have been deleted.
    """

    code: str
    creator_id: UserId
    is_staff: bool
    created_at: dt.datetime
    works_until: dt.datetime | None
    max_uses: int | None
    uses_count: int = 0
    gone_count: int = 0
    ended_at: dt.datetime | None = None

    @property
    def name(self) -> str:
        """What identifies it without letting anybody use it."""
        return f"invitation {self.code[:4]}…"

    def works_at(self, now: dt.datetime) -> bool:
        """Return whether somebody can sign up with it."""
        is_late = self.works_until is not None and self.works_until <= now
        is_used_up = self.max_uses is not None and self.uses_count >= self.max_uses
        return self.ended_at is None and not is_late and not is_used_up


@dataclass(frozen=True, slots=True)
class Invited:
    """Who came by which invitation; the inviter is 0 if unknown or deleted."""

    user_id: UserId
    code: str
    inviter_id: UserId
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Somebody's request to join. The id becomes that of the user.

    `language` is that of the page on which they asked; empty if it is not known.
    """

    id: UserId
    username: str
    display_name: str
    email: str
    email_key: str
    password_hash: str
    reason: str
    at: dt.datetime
    language: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A confirmed address on the waiting list; `key` identifies it.

    `language` is as that of an `Application`.
    """

    key: str
    email: str
    confirmed_at: dt.datetime
    language: str = ""
