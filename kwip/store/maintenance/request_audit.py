"""Queries that compare both sides of requests to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.clock import to_ms
from kwip.domain.ids import first_id_at
from kwip.store.client import translated
from kwip.store.paging import page_after
from kwip.store.social.edge_writes import request_key
from kwip.store.social.edges import REQUESTED
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from kwip.domain.ids import UserId
    from kwip.store.client import Store


class RequestAuditStore:
    """Reads and repairs; a request has the name of its edge in `follows`."""

    def __init__(self, store: Store):
        self._store = store
        self._follows = store.database["follows"]
        self._requests = store.database["follow_requests"]

    @translated()
    def asked_after(self, after: str, limit: int) -> tuple[str, int, list[str]]:
        """Page all edges: the last name, how many, and which are requests."""
        page = list(page_after(self._follows, {}, after, limit, {"state": 1}))
        asked = [d["_id"] for d in page if d["state"] == REQUESTED]
        return (page[-1]["_id"] if page else after), len(page), asked

    @translated()
    def asking_after(self, after: str, limit: int) -> tuple[str, list[str]]:
        """Page the followees' side: the last name there, and the names of the edges."""
        fields = {"followee_id": 1, "follower_id": 1}
        page = list(page_after(self._requests, {}, after, limit, fields))
        names = [f"{d['follower_id']}:{d['followee_id']}" for d in page]
        return (page[-1]["_id"] if page else after), names

    def one_sided(self, names: Collection[str]) -> dict[str, str]:
        """Return which requests lack a side, and where, in one snapshot."""

        def look(session: Any) -> dict[str, str]:
            wanted = {"_id": {"$in": list(names)}, "state": REQUESTED}
            asked = {d["_id"] for d in self._follows.find(wanted, session=session)}
            turned = {"_id": {"$in": [_turned(name) for name in names]}}
            found = self._requests.find(turned, session=session)
            asking = {_turned(d["_id"]) for d in found}
            lacking = dict.fromkeys(asked - asking, "follow_requests")
            return lacking | dict.fromkeys(asking - asked, "follows")

        return self._store.transact(look)

    def repair(
        self, follower_id: UserId, followee_id: UserId, now: dt.datetime
    ) -> None:
        """Make a request exist on both sides or on neither, as on the follower's."""
        key = request_key(followee_id, follower_id)
        asked = {"_id": f"{follower_id}:{followee_id}", "state": REQUESTED}

        def work(session: Any) -> None:
            if self._follows.find_one(asked, session=session) is None:
                self._requests.delete_one(key, session=session)
                return
            document = {
                "schema": schema_of("follow_requests"),
                "follower_id": follower_id,
                "seq": first_id_at(to_ms(now)),
            }
            self._requests.update_one(
                key, {"$setOnInsert": document}, upsert=True, session=session
            )

        self._store.transact(work)


def _turned(name: str) -> str:
    one, _, two = name.partition(":")
    return f"{two}:{one}"
