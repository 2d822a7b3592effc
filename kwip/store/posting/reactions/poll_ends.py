"""Polls that have ended, until everybody who should know has been notified."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pymongo import ASCENDING

from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.polls import round_of
from kwip.domain.posting.reactions import Act
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.posting.post_documents import POLL_DUE

if TYPE_CHECKING:
    import datetime as dt

    from kwip.store.client import Store


class Voter(NamedTuple):
    """Who voted, when, and in which round of the poll."""

    seq: int
    user_id: UserId
    round: int


class PollEndStore(DueWork):
    """`posts.poll_due_at`, which a post has until the end of its poll is notified."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]
        self._reactions = store.database["reactions"]
        super().__init__(self._posts, {}, due_at=POLL_DUE)

    @translated()
    def voters(self, post_id: PostId, *, above: int, limit: int) -> list[Voter]:
        """Page who voted, in any round, by the seq of the vote."""
        found = self._reactions.find(
            {"post_id": post_id, "act": Act.VOTE.value, "seq": {"$gt": above}},
            {"seq": 1, "user_id": 1, "ballot": 1},
        )
        return [
            Voter(d["seq"], UserId(d["user_id"]), round_of(d["ballot"]))
            for d in found.sort("seq", ASCENDING).limit(limit)
        ]

    @translated()
    def settle(self, post_id: PostId, expires_at: dt.datetime | None) -> None:
        """Note that an end is notified; if it was moved meanwhile, it stays due.

        None stands for a post without a poll.
        """
        poll = {"poll": None} if expires_at is None else {"poll.expires_at": expires_at}
        self._posts.update_one({"_id": post_id, **poll}, {"$unset": {POLL_DUE: 1}})
