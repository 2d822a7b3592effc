"""Blogs: feeds elsewhere whose new entries are posted for a user."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import UserId

#: A user has no more blogs than this.
MAX_BLOGS = 5
#: A feed of more entries is read as if it had only its first ones.
MAX_ENTRIES = 100
#: Entries by which a blog is known again; more than a feed has, as feeds drop and
#: return entries.
MAX_SEEN = 500
#: New entries of one reading that are posted; older ones are only remembered. And the
#: most that are posted of one blog within a day.
MAX_AT_ONCE, MAX_A_DAY = 5, 20
#: Older entries that are posted when their author asks for it.
MAX_OLD = 20
#: What `problem` says of a feed that its owner removed: only what was posted is kept.
REMOVED = "removed"
#: How many are shown as they would be posted.
SAMPLES = 3
#: An entry that is older when it is first seen keeps its date, as an imported kwip.
RECENT = dt.timedelta(days=2)
#: How often a feed is read, and how long at most until it is tried again after errors.
EVERY, MAX_PAUSE = dt.timedelta(minutes=30), dt.timedelta(days=1)
#: Errors in a row after which a blog is paused: about two weeks.
MAX_FAILURES = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogEntry:
    """An entry as its feed has it; texts are plain, and not cleaned.

    `key` is a digest of its id, the same however it is edited. `written_ms` is 0 if its
    date is unknown.
    """

    key: str
    title: str
    url: str
    written_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEntry:
    """An entry that is about to be posted, and how."""

    key: str
    text: str
    written_ms: int
    is_old: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Blog:
    """A feed, what is known of it, and what is about to be posted.

    `seen` are the keys of entries that are not new, `posted` those of them that were
    posted, and `waiting` those that are about to be. The first reading only remembers;
    it `is_begun` then. If it `wants_old`, the next one also posts older entries.
    `worker` holds the lease.
    """

    id: int
    owner_id: UserId
    url: str
    title: str = ""
    is_paused: bool = False
    is_begun: bool = False
    wants_old: bool = False
    added_at: dt.datetime
    read_at: dt.datetime | None = None
    problem: str = ""
    failures: int = 0
    etag: str = ""
    modified: str = ""
    seen: tuple[str, ...] = ()
    posted: tuple[str, ...] = ()
    waiting: tuple[WaitingEntry, ...] = ()
    sample: tuple[str, ...] = ()
    posted_count: int = 0
    day: str = ""
    day_count: int = 0
    worker: str = ""


def pause_after(failures: int) -> dt.timedelta:
    """Return how long to wait until a feed is read again, after errors in a row."""
    longer: int = 2 ** min(failures, MAX_FAILURES)
    return min(EVERY * longer, MAX_PAUSE)
