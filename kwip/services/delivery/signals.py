"""The bells: lossy hints that something may be to do, or to be seen.

The *bell* tells a worker of a job. Every job has a durable source in MongoDB, so a
ring that gets lost costs time only. The *signal* tells whoever waits in front of an
open page that something behind it is new; who does not hear it looks by the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId

#: Rings for a job: its name and the id of what it is about. It never raises, and says
#: whether the queue has it now.
Enqueue = Callable[[str, str], bool]
#: Rings for all who wait for one of some topics, after the commit and its invalidation.
# It
#: never raises. A topic is a word, or a word, a colon and an id.
Signal = Callable[[Sequence[str]], None]

#: The topic of the public timeline.
PUBLIC = "public"


def notifications_topic(user_id: UserId) -> str:
    """Name what tells that a user's notifications, or what is read of them, changed."""
    return f"notifications:{user_id}"


def post_topic(post_id: PostId) -> str:
    """Name what tells that a post is gone."""
    return f"post:{post_id}"


def pulled_topic(author_id: UserId) -> str:
    """Name what tells that an author has something new that is in no home."""
    return f"pulled:{author_id}"


def home_topic(owner_id: UserId) -> str:
    """Name what tells that a home has something new."""
    return f"home:{owner_id}"
