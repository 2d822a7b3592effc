"""Follows on both sides or requests for them, and blocks.

An edge is written on both sides in one transaction, so a query in either direction
names its shard key.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING

from kwip.domain.errors import ForbiddenError
from kwip.domain.ids import UserId
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.id_lists import Between, Row
from kwip.domain.timelines.notifications import NotificationKind
from kwip.store.client import translated
from kwip.store.social.edge_writes import (
    count_follow,
    drop_request,
    is_requested,
    write_edge,
    write_follow,
    write_request,
)
from kwip.store.social.edges import (
    EITHER,
    PRESENT,
    REQUESTED,
    Edge,
    follow_key,
    follower_key,
)
from kwip.store.social.list_edges import leave_lists
from kwip.store.social.relations import read_relations
from kwip.store.timelines.notifications import write
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kwip.domain.social.relationships import FollowOptions, Relations
    from kwip.domain.timelines.notifications import Notification
    from kwip.store.client import Document, Store

#: The states of an edge that exists or is asked for.
_WANTED = {"$in": [*PRESENT["$in"], REQUESTED]}
#: Mutes of schema 1 hide notifications.
_HIDING = {"hides_notifications": {"$ne": False}}


class RelationshipStore:
    """The `follows`, `followers` and `blocks` collections."""

    def __init__(self, store: Store):
        self._store = store
        self._users = store.database["users"]
        self._follows = store.database["follows"]
        self._followers = store.database["followers"]
        self._blocks = store.database["blocks"]
        self._mutes = store.database["mutes"]
        self._notifications = store.database["notifications"]

    def follow(
        self, edge: Edge, now: dt.datetime, notification: Notification | None = None
    ) -> bool:
        """Write a new follow on both sides; False if it existed already.

        If the followee is locked, a request is written instead, once. The edge should
        be `merging` until the followee's posts are in the follower's home. The
        followee's notification is written with it.

        Raises:
            ForbiddenError: One of the two blocks the other.
        """
        follower_id, followee_id = edge.follower_id, edge.followee_id
        ways = [f"{follower_id}:{way}:{followee_id}" for way in ("out", "in")]

        def work(session: Any) -> bool:
            # A concurrent block writes the same edge, so one of the two transactions
            # is repeated and sees the other.
            blocked = {"_id": {"$in": ways}, "user_id": follower_id}
            if self._blocks.find_one(blocked, session=session):
                raise ForbiddenError(
                    lazy_gettext("You can't follow this user."), rule="block"
                )
            old = self._edge(edge, session)
            if old is not None and old["state"] in PRESENT["$in"]:
                return False
            # Both ways write the followee's counters, so a concurrent lock is noticed.
            if self._is_locked(followee_id, session):
                return self._request(edge, old, now, notification, session)
            if is_requested(old):  # unlocked since
                drop_request(self._store.database, follower_id, followee_id, session)
            write_follow(self._store.database, edge, now, session)
            if notification is not None:
                write(self._notifications, notification, session)
            return True

        return self._store.transact(work)

    def _request(
        self,
        edge: Edge,
        old: Document | None,
        now: dt.datetime,
        notification: Notification | None,
        session: Any,
    ) -> bool:
        if is_requested(old):
            return False
        if notification is not None:
            kind = NotificationKind.FOLLOW_REQUEST
            notification = replace(notification, kind=kind)
        asked = replace(edge, state=REQUESTED)
        write_request(self._store.database, asked, now, notification, session)
        return True

    def change_options(
        self, follower_id: UserId, followee_id: UserId, options: FollowOptions
    ) -> bool:
        """Change what a follower wants of a followee's posts; False if no follow.

        For a request, it applies once that is accepted.
        """
        change = {k: v for k, v in asdict(options).items() if v is not None}
        if not change:
            return False

        def work(session: Any) -> bool:
            result = self._follows.update_one(
                follow_key(follower_id, followee_id) | {"state": _WANTED},
                {"$set": change},
                session=session,
            )
            if result.matched_count and options.notify is not None:
                self._followers.update_one(
                    follower_key(followee_id, follower_id),
                    {"$set": {"notify": options.notify}},
                    session=session,
                )
            return result.matched_count == 1

        return self._store.transact(work)

    def unfollow(
        self, follower_id: UserId, followee_id: UserId, now: dt.datetime
    ) -> int | None:
        """End a follow or a request for one; its entries still need a purge.

        Return from how many of the follower's lists this removed the followee, or None
        if there was no follow.
        """

        def work(session: Any) -> int | None:
            old = self._follows.find_one_and_update(
                follow_key(follower_id, followee_id) | {"state": _WANTED},
                {"$set": {"state": "removed", "due_at": now}},
                {"state": 1},
                session=session,
            )
            if is_requested(old):
                drop_request(self._store.database, follower_id, followee_id, session)
                return None
            if old is None:
                return None
            return self._end(follower_id, followee_id, now, session)

        return self._store.transact(work)

    def _edge(self, edge: Edge, session: Any) -> Document | None:
        """Return what is stored of an edge that exists or is asked for."""
        wanted = edge.key | {"state": _WANTED}
        return self._follows.find_one(wanted, {"state": 1}, session=session)

    def _is_locked(self, user_id: UserId, session: Any) -> bool:
        locked = {"_id": user_id, "is_locked": True}
        return self._users.find_one(locked, {"_id": 1}, session=session) is not None

    def _end(
        self, follower_id: UserId, followee_id: UserId, now: dt.datetime, session: Any
    ) -> int:
        self._followers.delete_one(
            follower_key(followee_id, follower_id), session=session
        )
        self._notifications.delete_one(
            {
                "_id": f"{followee_id}:follow:{follower_id}",
                "recipient_id": followee_id,
            },
            session=session,
        )
        count_follow(self._store.database, follower_id, followee_id, -1, session)
        return leave_lists(self._store.database, follower_id, followee_id, now, session)

    def block(
        self, user_id: UserId, other_id: UserId, now: dt.datetime, nonce: str
    ) -> int:
        """Write a block on both sides; follows and requests end in both directions.

        Return from how many of the user's lists this removed the other.

        Each edge becomes `removed` with a new nonce, even where there was none: so this
        and a concurrent follow notice each other.
        """

        def work(session: Any) -> int:
            left = {"out": 0, "in": 0}
            for one, two, way in (
                (user_id, other_id, "out"),
                (other_id, user_id, "in"),
            ):
                self._blocks.replace_one(
                    {"_id": f"{one}:{way}:{two}", "user_id": one},
                    {
                        "schema": schema_of("blocks"),
                        "user_id": one,
                        "other_id": two,
                        "direction": way,
                    },
                    upsert=True,
                    session=session,
                )
                edge = Edge(one, two, "removed", nonce)
                ended = self._edge(edge, session)
                write_edge(self._store.database, edge, now, session)
                if is_requested(ended):
                    drop_request(self._store.database, one, two, session)
                elif ended is not None:
                    left[way] = self._end(one, two, now, session)
            return left["out"]

        return self._store.transact(work)

    def unblock(self, user_id: UserId, other_id: UserId) -> None:
        """End a block, on both sides."""

        def work(session: Any) -> None:
            for one, two, way in (
                (user_id, other_id, "out"),
                (other_id, user_id, "in"),
            ):
                side = {"_id": f"{one}:{way}:{two}", "user_id": one}
                self._blocks.delete_one(side, session=session)

        self._store.transact(work)

    @translated()
    def refusing_notifications_from(
        self, actor_id: UserId, user_ids: Sequence[UserId]
    ) -> set[UserId]:
        """Return which of the given users must get no notifications from `actor_id`.

        They mute that user's notifications, one of the two blocks the other, or that
        user is silenced and they don't follow them; three queries, or four.
        """
        blocks = [f"{i}:{way}:{actor_id}" for i in user_ids for way in ("out", "in")]
        mutes = [f"{i}:{actor_id}" for i in user_ids]
        who = {"_id": 0, "user_id": 1}
        users = {"user_id": {"$in": list(user_ids)}}
        found = [
            *self._blocks.find({"_id": {"$in": blocks}, **users}, who),
            *self._mutes.find({"_id": {"$in": mutes}, **users} | _HIDING, who),
        ]
        refusing = {UserId(d["user_id"]) for d in found}
        silenced = {"_id": actor_id, "is_silenced": True}
        if self._users.find_one(silenced, {"_id": 1}) is None:
            return refusing
        ids = {"followee_id": actor_id, "follower_id": {"$in": list(user_ids)}}
        known = self._followers.find({**ids, "active": EITHER}, {"follower_id": 1})
        return refusing | {*user_ids} - {UserId(d["follower_id"]) for d in known}

    @translated()
    def followers(self, followee_id: UserId, part: Between) -> list[Row]:
        """Read who follows a user, between two ids, highest first."""
        order = ASCENDING if part.ascending else DESCENDING
        found = self._followers.find(
            {
                "followee_id": followee_id,
                "active": EITHER,
                "follower_id": {"$gt": part.above, "$lt": part.below},
            },
            {"_id": 0, "follower_id": 1},
        )
        ordered = found.sort("follower_id", order).limit(part.limit)
        ordered.batch_size(part.limit)
        ids = [d["follower_id"] for d in ordered]
        return [Row(i, i) for i in sorted(ids, reverse=True)]

    @translated()
    def relations(self, viewers: Sequence[UserId]) -> dict[UserId, Relations]:
        """Read all relations of some viewers, in two commands."""
        return read_relations(self._store.database, viewers)
