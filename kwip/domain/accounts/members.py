"""Members as staff and operators see them: what they search for, and what they find."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.audit_log import AuditEntry
    from kwip.domain.accounts.closures import Closure
    from kwip.domain.accounts.roles import Role
    from kwip.domain.accounts.users import User
    from kwip.domain.ids import UserId

#: Members on a page in the browser.
PAGE = 40
#: Members that a search compares at most, so that common beginnings cost little.
MAX_FOUND = 200


class MemberState(StrEnum):
    """What members can be found by."""

    ACTIVE = "active"
    SILENCED = "silenced"
    SUSPENDED = "suspended"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberQuery:
    """Which members to list, by when they joined; `beyond` ended the page before.

    With `is_staff`, only those with a role above members. With `is_impossible`, nobody:
    it asks for what no member is.
    """

    search: str = ""
    role: Role | None = None
    state: MemberState | None = None
    is_staff: bool = False
    is_impossible: bool = False
    is_oldest_first: bool = False
    beyond: UserId | None = None
    limit: int = PAGE


class MemberPage(NamedTuple):
    """Some members; `next_id` is the cursor of the next page, None if there is none."""

    users: list[User]
    next_id: UserId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """What staff see of a member besides the profile.

    `is_confirmed` is None for accounts without an email address. `last_active_at` is
    when they last read home, to the day or so; None if that is not known yet.
    `last_session_at` is when the newest session began. `invited_by` is None also if
    that was the site, or somebody whose account is deleted. They made
    `invitations_count`, 100 at most are counted, by which the `invited` came. With a
    `closure`, they have closed the account themselves.
    """

    user: User
    is_confirmed: bool | None
    mail_problem: str
    last_active_at: dt.datetime | None
    session_count: int
    token_count: int
    stored_bytes: int
    last_session_at: dt.datetime | None
    invited_by: User | None
    came_by_invitation: bool
    invitations_count: int
    invited: tuple[User, ...]
    closure: Closure | None
    has_two_factor: bool
    log: list[AuditEntry]
