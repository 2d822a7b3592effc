"""Lossy hints: that a job may have something to do, or a page something to show.

*Enqueue* hands a job to a worker. Every job has a durable source in MongoDB, so a lost
one only costs time. A *signal* wakes whoever waits on an open page; a page that misses
it checks at intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId

#: Enqueue a job: its name and the id it is about. Never raises; returns whether the
#: queue has it.
Enqueue = Callable[[str, str], bool]
#: Signal everyone who waits for one of some topics, after the commit and its
#: invalidation. Never raises. A topic is a word, or a word, a colon and an id.
Signal = Callable[[Sequence[str]], None]

#: The sweeper enqueues a post that has not been delivered for this long after its
#: insert.
SWEEP_AFTER_MS = 5_000

#: The topic of the public timeline.
PUBLIC = "public"


def notifications_topic(user_id: UserId) -> str:
    """Return the topic of a user's notifications and of their read marker."""
    return f"notifications:{user_id}"


def post_topic(post_id: PostId) -> str:
    """Return the topic of a post's deletion, and of the end of its poll."""
    return f"post:{post_id}"


def pulled_topic(author_id: UserId) -> str:
    """Return the topic of an author's new pulled posts, which are in no home."""
    return f"pulled:{author_id}"


def home_topic(owner_id: UserId) -> str:
    """Return the topic of new posts in a home."""
    return f"home:{owner_id}"
