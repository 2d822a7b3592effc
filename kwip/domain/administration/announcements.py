"""Announcements: what administrators tell all members, for some time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

#: Characters of an announcement.
TEXT_MAX = 2_000
#: Announcements that are published and have not ended, at most.
MAX_PUBLISHED = 10
#: Dismissals that are kept of each member: more than can be shown at once.
MAX_DISMISSED = 40


class AnnouncementState(StrEnum):
    """Where an announcement stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SHOWN = "shown"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An announcement in Markdown.

    It is shown once it is published, from `starts_at` until `ends_at`; None is no such
    limit. `version` counts its changes.
    """

    id: int
    text: str
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    published_at: dt.datetime | None = None
    updated_at: dt.datetime
    version: int = 1

    def state(self, now: dt.datetime) -> AnnouncementState:
        """Return where it stands."""
        if self.published_at is None:
            return AnnouncementState.DRAFT
        if self.ends_at is not None and self.ends_at <= now:
            return AnnouncementState.ENDED
        if self.starts_at is not None and self.starts_at > now:
            return AnnouncementState.SCHEDULED
        return AnnouncementState.SHOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedAnnouncement:
    """An announcement as typed; the times in UTC, as `2030-12-31 18:00`, or empty."""

    text: str
    starts_at: str = ""
    ends_at: str = ""


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """An announcement as one member gets it."""

    announcement: Announcement
    is_dismissed: bool
