"""Replies of people without an account: confirmed by mail, shown if the author agrees.

They are no posts: they are in no timeline, search, feed or counter, and have no author
whom one could follow.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId

#: Characters of the name that a guest gives.
GUEST_NAME_MAX = 60
#: How long a reply waits for the link in the mail, and then for the author.
UNCONFIRMED, WAITS = dt.timedelta(hours=48), dt.timedelta(days=30)
#: Replies to a post that wait for its author, and undecided ones of an address; and how
#: many a page shows. Unconfirmed ones do not count for a post: anybody can write them,
#: by addresses of others, and would keep guests out.
MAX_OF_POST, MAX_OF_ADDRESS, MAX_SHOWN = 20, 3, 100


class GuestReplyState(StrEnum):
    """How far a reply has come."""

    UNCONFIRMED = "unconfirmed"
    WAITING = "waiting"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class NewGuestReply:
    """What a guest has entered."""

    name: str
    email: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestReply:
    """A reply to a post of `author_id`, by somebody who calls themselves `name`.

    `sender` is a digest of their address, until the author decides. The address itself
    is only in the mail with the link, which is deleted when the link is used.
    """

    id: int
    post_id: PostId
    author_id: UserId
    name: str
    text: str
    sender: str
    created_at: dt.datetime
    state: GuestReplyState = GuestReplyState.UNCONFIRMED
