"""Reports of people and their posts, and what moderators did about them.

A report keeps what the reported posts said at that time, because they may be edited or
deleted before a moderator looks.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.ids import NOBODY

if TYPE_CHECKING:
    from kwip.domain.accounts.site import SiteRule
    from kwip.domain.accounts.users import User
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.posts import Post

#: Characters of a comment, as in Mastodon, and of a moderator's note.
COMMENT_MAX = 1_000
#: Posts that one report can name, and rules.
MAX_POSTS, MAX_RULES = 20, 20
#: Events that a report keeps; the audit log has all of them.
MAX_EVENTS = 200
#: How long a resolved report is kept, with its copies of posts.
KEPT = dt.timedelta(days=90)


class Category(StrEnum):
    """What is wrong, as in Mastodon."""

    SPAM = "spam"
    LEGAL = "legal"
    VIOLATION = "violation"
    OTHER = "other"


class Event(StrEnum):
    """What happened to a report."""

    NOTE = "note"
    EXTEND = "extend"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    EDIT = "edit"
    ACT = "act"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPost:
    """What a post said when it was reported; of files only the descriptions."""

    id: PostId
    text: str
    warning: str
    descriptions: tuple[str, ...]
    created_at: dt.datetime
    edited_at: dt.datetime | None

    @classmethod
    def of(cls, post: Post) -> ReportedPost:
        """Copy a post."""
        return cls(
            id=post.id,
            text=post.text,
            warning=post.warning,
            descriptions=tuple(each.description for each in post.media),
            created_at=post.created_at,
            edited_at=post.edited_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEvent:
    """Something that happened to a report, with a note or explanation if there is one.

    `act` is what a moderator did, for `Event.ACT` and `Event.UNDO`.
    """

    event: Event
    by_id: UserId
    at: dt.datetime
    text: str = ""
    act: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A report as somebody makes it."""

    target_id: UserId
    post_ids: tuple[PostId, ...] = ()
    comment: str = ""
    category: Category = Category.OTHER
    rule_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report by `reporter_id` about `target_id`.

    The reporter is `NOBODY` once their account is deleted, and so is `assigned_id`
    while nobody has taken it on. `version` counts its changes.
    """

    id: int
    reporter_id: UserId
    target_id: UserId
    posts: tuple[ReportedPost, ...]
    comment: str
    category: Category
    rule_ids: tuple[int, ...]
    created_at: dt.datetime
    is_open: bool = True
    assigned_id: UserId = NOBODY
    resolved_at: dt.datetime | None = None
    resolved_by_id: UserId = NOBODY
    events: tuple[ReportEvent, ...] = ()
    version: int = 1

    @property
    def post_ids(self) -> tuple[PostId, ...]:
        """The reported posts."""
        return tuple(post.id for post in self.posts)

    @property
    def updated_at(self) -> dt.datetime:
        """When something last happened to it."""
        return self.events[-1].at if self.events else self.created_at

    @property
    def notes(self) -> tuple[ReportEvent, ...]:
        """What moderators noted."""
        return tuple(e for e in self.events if e.event is Event.NOTE)

    @property
    def action_taken(self) -> bool:
        """Whether a moderator resolved it, in Mastodon's words."""
        return not self.is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """Which reports to list; None is any."""

    is_open: bool | None = None
    category: Category | None = None
    assigned_id: UserId | None = None
    target_id: UserId | None = None
    reporter_id: UserId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report with the people in it; None is somebody whose account is deleted.

    For apps also with the posts that are still there, `now`, and the broken `rules`.
    """

    report: Report
    target: User | None
    reporter: User | None = None
    assigned: User | None = None
    resolved_by: User | None = None
    now: tuple[Post, ...] = ()
    rules: tuple[SiteRule, ...] = ()
