"""Requests to follow locked accounts, until these accept or reject them.

Like a follow, a request is written on both sides in one transaction: it is a state of
the edge in `follows`, and a document in `follow_requests` by which its followee finds
it. `RelationshipStore` writes requests: it finds out that the account is locked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING

from kwip.domain.ids import UserId
from kwip.domain.timelines.id_lists import Row
from kwip.store.client import translated
from kwip.store.social.edge_writes import drop_request, write_follow
from kwip.store.social.edges import REQUESTED, follow_key

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.timelines.id_lists import Between
    from kwip.store.client import Store
    from kwip.store.social.edges import Edge


class FollowRequestStore:
    """The `follow_requests` collection, and the edges in state `requested`."""

    def __init__(self, store: Store):
        self._store = store
        self._follows = store.database["follows"]
        self._requests = store.database["follow_requests"]

    @translated()
    def of_user(self, followee_id: UserId, part: Between) -> list[Row]:
        """Read who asks to follow a user, between two cursors, newest first."""
        order = ASCENDING if part.ascending else DESCENDING
        found = self._requests.find(
            {
                "followee_id": followee_id,
                "seq": {"$gt": part.above, "$lt": part.below},
            },
            {"_id": 0, "follower_id": 1, "seq": 1},
        )
        ordered = found.sort("seq", order).limit(part.limit).batch_size(part.limit)
        rows = (Row(d["seq"], d["follower_id"]) for d in ordered)
        return sorted(rows, reverse=True)

    @translated()
    def pending(self, user_id: UserId, limit: int) -> list[tuple[UserId, UserId]]:
        """List some (follower, followee) of the requests by and to a user."""
        by_user = {"follower_id": user_id, "state": REQUESTED}
        asked = self._follows.find(by_user, {"_id": 0, "followee_id": 1}).limit(limit)
        asking = self._requests.find(
            {"followee_id": user_id}, {"_id": 0, "follower_id": 1}
        )
        return [
            *((user_id, UserId(d["followee_id"])) for d in asked),
            *((UserId(d["follower_id"]), user_id) for d in asking.limit(limit)),
        ]

    def accept(self, edge: Edge, now: dt.datetime) -> bool:
        """Turn a request into the follow `edge`; False if there is no request.

        The follow keeps the options of the request: notifications, and reposts.
        """

        def work(session: Any) -> bool:
            # If another transaction changes the edge at the same time, one of them is
            # repeated and sees the other.
            waiting = self._follows.find_one(
                edge.key | {"state": REQUESTED},
                {"notify": 1, "hides_reposts": 1},
                session=session,
            )
            if waiting is None:
                return False
            database = self._store.database
            drop_request(database, edge.follower_id, edge.followee_id, session)
            wished = replace(
                edge,
                notify=waiting["notify"],
                hides_reposts=waiting["hides_reposts"],
            )
            write_follow(database, wished, now, session)
            return True

        return self._store.transact(work)

    def end(self, follower_id: UserId, followee_id: UserId, now: dt.datetime) -> bool:
        """End a request without a follow; False if there is none."""

        def work(session: Any) -> bool:
            result = self._follows.update_one(
                follow_key(follower_id, followee_id) | {"state": REQUESTED},
                {"$set": {"state": "removed", "due_at": now}},
                session=session,
            )
            if not result.modified_count:
                return False
            drop_request(self._store.database, follower_id, followee_id, session)
            return True

        return self._store.transact(work)
