"""Strikes: what moderators did to somebody, and the appeals against it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.ids import NOBODY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import User
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.moderation.reports import Report, ReportedPost, ReportView
    from kwip.domain.posting.posts import Post

#: Characters of what a moderator or an appeal says.
TEXT_MAX = 2_000
#: How long somebody may appeal, as in Mastodon.
APPEAL_WITHIN = dt.timedelta(days=20)
#: How long a strike is kept.
STRIKE_KEPT = dt.timedelta(days=365)


class Act(StrEnum):
    """What moderators do to somebody or their posts."""

    DELETE = "delete"
    SENSITIVE = "sensitive"
    WARN = "warn"
    SILENCE = "silence"
    SUSPEND = "suspend"

    @property
    def is_on_posts(self) -> bool:
        """Whether it is done to posts."""
        return self in {Act.DELETE, Act.SENSITIVE}

    @property
    def is_reversible(self) -> bool:
        """Whether it can be undone; a deleted post cannot come back."""
        return self is not Act.DELETE


class StrikeState(StrEnum):
    """How far a strike is: first stored, then carried out.

    `UNDOING` is one that is to be undone, because of an appeal or because a moderator
    has changed their mind.
    """

    PENDING = "pending"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class AppealState(StrEnum):
    """What became of an appeal."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """What somebody says against a strike, and the decision."""

    text: str
    at: dt.datetime
    state: AppealState = AppealState.PENDING
    decided_at: dt.datetime | None = None
    decided_by_id: UserId = NOBODY
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """What a moderator did to a user, with an explanation, and the posts as they were.

    `report_id` is the report that it is about; None if there is none. `order` is on
    whose behalf it is carried out or undone, as long as that is yet to be done.
    """

    id: int
    user_id: UserId
    act: Act
    text: str
    by_id: UserId
    created_at: dt.datetime
    posts: tuple[ReportedPost, ...] = ()
    report_id: int | None = None
    state: StrikeState = StrikeState.PENDING
    appeal: Appeal | None = None
    order: Order = BY_KWIP

    @property
    def post_ids(self) -> tuple[PostId, ...]:
        """The posts that it is about."""
        return tuple(post.id for post in self.posts)

    @property
    def is_in_force(self) -> bool:
        """Whether it has not been undone, and is not about to be."""
        return self.state in {StrikeState.PENDING, StrikeState.DONE}

    @property
    def appeal_until(self) -> dt.datetime:
        """Until when its user may appeal."""
        return self.created_at + APPEAL_WITHIN

    def may_appeal(self, now: dt.datetime) -> bool:
        """Return whether its user may appeal now: once, and not too late."""
        return self.appeal is None and self.is_in_force and now < self.appeal_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a moderator decides to do, with an explanation for the person.

    `version` is that of the report that they saw; None for an app, which has seen
    none. The acts on posts need some of the posts of the report. Without `sends_mail`,
    the person gets no email, as for an account that only sends advertisements.
    """

    act: Act
    text: str = ""
    post_ids: tuple[PostId, ...] = ()
    version: int | None = None
    resolves: bool = True
    sends_mail: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeView:
    """A strike with its people; None is somebody whose account is deleted."""

    strike: Strike
    user: User | None
    by: User | None = None
    may_appeal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDetail:
    """What a moderator sees of one report.

    `now` has the reported posts as they are now, deleted ones included. `strikes` are
    what was done about this report, `earlier` and `earlier_strikes` what else there is
    about the person. `people` has everybody that any of these names.
    """

    view: ReportView
    now: Mapping[PostId, Post]
    strikes: tuple[Strike, ...]
    earlier: tuple[Report, ...]
    earlier_strikes: tuple[Strike, ...]
    people: Mapping[UserId, User]
