"""What is written with a follow or a request to follow, in their transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.clock import to_ms
from kwip.domain.ids import first_id_at
from kwip.store.social.edges import (
    REQUESTED,
    follow_document,
    follower_document,
    follower_key,
)
from kwip.store.timelines.notifications import write
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt

    from pymongo.database import Database

    from kwip.domain.ids import UserId
    from kwip.domain.timelines.notifications import Notification
    from kwip.store.client import Document
    from kwip.store.social.edges import Edge


def write_edge(
    database: Database[Document], edge: Edge, now: dt.datetime, session: Any
) -> None:
    """Write the follower's side of an edge in any state."""
    document = follow_document(edge, now)
    database["follows"].replace_one(edge.key, document, upsert=True, session=session)


def write_follow(
    database: Database[Document], edge: Edge, now: dt.datetime, session: Any
) -> None:
    """Write both sides of a follow, and count it."""
    write_edge(database, edge, now, session)
    database["followers"].replace_one(
        follower_key(edge.followee_id, edge.follower_id),
        follower_document(edge.followee_id, edge.follower_id, notify=edge.notify)
        | {"active_term": to_ms(now)},
        upsert=True,
        session=session,
    )
    count_follow(database, edge.follower_id, edge.followee_id, 1, session)


def write_request(
    database: Database[Document],
    edge: Edge,
    now: dt.datetime,
    notification: Notification | None,
    session: Any,
) -> None:
    """Write both sides of a request to follow, and count it.

    What a purge has not removed yet is purged when the request ends.
    """
    write_edge(database, edge, now, session)
    database["follow_requests"].insert_one(
        {
            **request_key(edge.followee_id, edge.follower_id),
            "schema": schema_of("follow_requests"),
            "follower_id": edge.follower_id,
            "seq": notification.seq if notification else first_id_at(to_ms(now)),
        },
        session=session,
    )
    if notification is not None:
        write(database["notifications"], notification, session)
    _count_request(database, edge.followee_id, 1, session)


def drop_request(
    database: Database[Document],
    follower_id: UserId,
    followee_id: UserId,
    session: Any,
) -> None:
    """Delete the followee's side of a request, with its notification."""
    database["follow_requests"].delete_one(
        request_key(followee_id, follower_id), session=session
    )
    name = f"{followee_id}:follow_request:{follower_id}"
    database["notifications"].delete_one(
        {"_id": name, "recipient_id": followee_id}, session=session
    )
    _count_request(database, followee_id, -1, session)


def request_key(followee_id: UserId, follower_id: UserId) -> Document:
    """Match a request on the followee's side, on its shard."""
    return {"_id": f"{followee_id}:{follower_id}", "followee_id": followee_id}


def is_requested(edge: Document | None) -> bool:
    """Return whether the follower's side of an edge waits to be accepted."""
    return edge is not None and edge["state"] == REQUESTED


def count_follow(
    database: Database[Document],
    follower_id: UserId,
    followee_id: UserId,
    by: int,
    session: Any,
) -> None:
    """Add `by` to both counters of a follow."""
    for user_id, name in (
        (follower_id, "following_count"),
        (followee_id, "followers_count"),
    ):
        database["users"].update_one(
            {"_id": user_id}, {"$inc": {name: by}}, session=session
        )


def _count_request(
    database: Database[Document], followee_id: UserId, by: int, session: Any
) -> None:
    database["users"].update_one(
        {"_id": followee_id}, {"$inc": {"requests_count": by}}, session=session
    )
