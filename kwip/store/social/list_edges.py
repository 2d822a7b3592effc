"""List memberships for delivery, by member: which lists get a post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from kwip.domain.ids import ListId, UserId
from kwip.store.client import translated
from kwip.store.social.edges import PRESENT, PendingEdges
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from pymongo.collection import Collection
    from pymongo.database import Database

    from kwip.store.client import Document, Store
    from kwip.store.social.edges import EdgeState


@dataclass(frozen=True, slots=True)
class ListEdge:
    """A membership of a list, and whether its timeline waits for compaction."""

    list_id: ListId
    owner_id: UserId
    member_id: UserId
    state: EdgeState
    nonce: str

    @property
    def key(self) -> Document:
        """Matches its document."""
        return member_key(self.member_id, self.list_id)


def list_of(list_id: ListId) -> str:
    """Return the name of a list's timeline."""
    return f"list:{list_id}"


class ListEdgeStore(PendingEdges):
    """The `list_members` collection, alongside `ListStore`; sharded by member."""

    def __init__(self, store: Store):
        self._members = store.database["list_members"]
        super().__init__(self._members, "member_id")

    @translated()
    def lists_with(self, member_id: UserId, *, above: int, limit: int) -> list[ListId]:
        """Page the lists that have a member, lowest id first."""
        found = self._members.find(
            {"member_id": member_id, "state": PRESENT, "list_id": {"$gt": above}},
            {"_id": 0, "list_id": 1},
        )
        ordered = found.sort("list_id", ASCENDING).limit(limit)
        return [ListId(d["list_id"]) for d in ordered]

    @translated()
    def find(self, member_id: UserId, list_id: ListId) -> ListEdge | None:
        """Read one membership, whatever its state."""
        document = self._members.find_one(member_key(member_id, list_id))
        return None if document is None else _edge(document)


def member_key(member_id: UserId, list_id: ListId) -> Document:
    """Match a membership, on its shard."""
    return {"_id": f"{member_id}:{list_id}", "member_id": member_id}


def edge_document(edge: ListEdge, due_at: dt.datetime) -> Document:
    """Return the document of an edge."""
    return {
        **edge.key,
        "schema": schema_of("list_members"),
        "list_id": edge.list_id,
        "owner_id": edge.owner_id,
        "state": edge.state,
        "due_at": due_at,
        "nonce": edge.nonce,
    }


def end_memberships(
    members: Collection[dict[str, Any]],
    pairs: Sequence[tuple[UserId, ListId]],
    now: dt.datetime,
    session: Any,
) -> None:
    """Mark memberships as removed, so that the members' posts are purged."""
    members.update_many(
        {
            "_id": {"$in": [f"{member_id}:{list_id}" for member_id, list_id in pairs]},
            "member_id": {"$in": [member_id for member_id, _ in pairs]},
            "state": PRESENT,
        },
        {"$set": {"state": "removed", "due_at": now}},
        session=session,
    )


def leave_lists(
    database: Database[dict[str, Any]],
    owner_id: UserId,
    member_id: UserId,
    now: dt.datetime,
    session: Any,
) -> int:
    """Remove a user whom the owner no longer follows from all of the owner's lists.

    Return from how many lists, not counting deleted ones.
    """
    lists = database["lists"]
    holding = {"owner_id": owner_id, "member_ids": member_id}
    found = list(lists.find(holding, {"state": 1}, session=session))
    if not found:
        return 0
    lists.update_many(
        holding,
        {"$pull": {"member_ids": member_id}, "$inc": {"version": 1}},
        session=session,
    )
    pairs = [(member_id, ListId(d["_id"])) for d in found]
    end_memberships(database["list_members"], pairs, now, session)
    return sum(d["state"] == "active" for d in found)


def exclusive_members(owner_ids: Document) -> Document:
    """Add the members of users' exclusive lists, who stay out of home, to a pipeline.

    One document each, with `user_id`, `other_id` and the `direction` "exclusive".
    """
    match = {"owner_id": owner_ids, "is_exclusive": True, "state": "active"}
    fields = {
        "_id": 0,
        "user_id": "$owner_id",
        "other_id": "$member_ids",
        "direction": {"$literal": "exclusive"},
    }
    return {
        "coll": "lists",
        "pipeline": [
            {"$match": match},
            {"$unwind": "$member_ids"},
            {"$project": fields},
        ],
    }


def _edge(document: Document) -> ListEdge:
    return ListEdge(
        ListId(document["list_id"]),
        UserId(document["owner_id"]),
        UserId(document["member_id"]),
        document["state"],
        document["nonce"],
    )
