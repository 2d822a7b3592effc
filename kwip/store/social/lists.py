"""Lists of people, as their owners see them.

A membership is stored on both sides: in the list, for reading it, and in `list_members`
by member, for delivering the member's posts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, ReplaceOne, ReturnDocument

from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import ListId, UserId
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.lists import (
    MAX_LISTS,
    MAX_MEMBERS,
    Listing,
    RepliesPolicy,
    UserList,
)
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.social.edges import PRESENT
from kwip.store.social.list_edges import edge_document, end_memberships, list_of
from kwip.store.timelines.buckets import empty_timeline
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from pymongo.collection import Collection

    from kwip.domain.timelines.lists import ListChange
    from kwip.store.client import Document, Store
    from kwip.store.social.list_edges import ListEdge

#: A list with the number of its members instead of the members.
_WITHOUT_MEMBERS = {
    "owner_id": 1,
    "title": 1,
    "replies_policy": 1,
    "is_exclusive": 1,
    "is_public": 1,
    "members_count": {"$size": "$member_ids"},
}


class ListStore(DueWork):
    """The `lists` collection, and the memberships written with it.

    Every query except `find` and `owners` names the owner, by whom lists are sharded.
    """

    def __init__(self, store: Store):
        self._store = store
        self._lists = store.database["lists"]
        super().__init__(
            self._lists,
            {"state": "deleted"},
            shard_key="owner_id",
            job_id="{owner_id}:{_id}",
        )
        self._members = store.database["list_members"]
        self._follows = store.database["follows"]
        self._timelines = store.database["timelines"]
        self._buckets = store.database["timeline_buckets"]

    def create(self, new: UserList) -> bool:
        """Create a list and its timeline, both empty; False if there are too many."""
        document = {
            "_id": new.id,
            "schema": schema_of("lists"),
            "owner_id": new.owner_id,
            "title": new.title,
            "replies_policy": new.replies_policy.value,
            "is_exclusive": new.is_exclusive,
            "is_public": new.is_public,
            "member_ids": [],
            "state": "active",
            "due_at": None,
            "version": 1,
        }

        def work(session: Any) -> bool:
            own = {"owner_id": new.owner_id, "state": "active"}
            if self._lists.count_documents(own, session=session) >= MAX_LISTS:
                return False
            self._timelines.insert_one(empty_timeline(list_of(new.id)), session=session)
            self._lists.insert_one(document, session=session)
            return True

        return self._store.transact(work)

    @translated()
    def of_owners(self, ids: Sequence[UserId]) -> dict[UserId, tuple[UserList, ...]]:
        """Read all lists of some users, oldest first."""
        found: dict[UserId, list[UserList]] = {user_id: [] for user_id in ids}
        query = {"owner_id": {"$in": list(ids)}, "state": "active"}
        for d in self._lists.find(query, _WITHOUT_MEMBERS).sort("_id", ASCENDING):
            found[d["owner_id"]].append(_to_list(d, d["members_count"]))
        return {user_id: tuple(lists) for user_id, lists in found.items()}

    @translated()
    def merged(self, owner_ids: Sequence[UserId]) -> list[Listing]:
        """Read lists with the members already backfilled; one query per list."""
        query = {"owner_id": {"$in": list(owner_ids)}, "state": "active"}
        found = [_to_listing(d) for d in self._lists.find(query)]
        return [
            replace(one, member_ids=_merged_in(self._members, one)) for one in found
        ]

    @translated()
    def get_many(
        self, ids: Sequence[tuple[UserId, ListId]]
    ) -> dict[tuple[UserId, ListId], Listing]:
        """Read lists with their members, each by owner and id; others are absent."""
        found = self._lists.find(
            {
                "_id": {"$in": [list_id for _, list_id in ids]},
                "owner_id": {"$in": [owner_id for owner_id, _ in ids]},
                "state": "active",
            }
        )
        read = {(UserId(d["owner_id"]), ListId(d["_id"])): d for d in found}
        return {each: _to_listing(read[each]) for each in ids if each in read}

    @translated()
    def find(self, list_id: ListId) -> Listing | None:
        """Read a list by id alone, without its shard key; only for compaction."""
        document = self._lists.find_one({"_id": list_id, "state": "active"})
        return None if document is None else _to_listing(document)

    @translated()
    def owners(self, ids: Sequence[ListId]) -> dict[ListId, UserId]:
        """Read whose lists these are, by id alone; others are absent."""
        query = {"_id": {"$in": list(ids)}, "state": "active"}
        found = self._lists.find(query, {"owner_id": 1})
        return {ListId(d["_id"]): UserId(d["owner_id"]) for d in found}

    @translated()
    def containing(self, owner_id: UserId, member_id: UserId) -> list[UserList]:
        """Return which of the owner's lists a user is in, oldest first."""
        query = {"owner_id": owner_id, "member_ids": member_id, "state": "active"}
        found = self._lists.find(query, _WITHOUT_MEMBERS).sort("_id", ASCENDING)
        return [_to_list(d, d["members_count"]) for d in found]

    @translated()
    def holding(self, owner_ids: Sequence[UserId], member_id: UserId) -> list[ListId]:
        """Return which lists of some owners a user is in."""
        query = {
            "owner_id": {"$in": list(owner_ids)},
            "member_ids": member_id,
            "state": "active",
        }
        return [ListId(d["_id"]) for d in self._lists.find(query, {"_id": 1})]

    @translated()
    def change(
        self, owner_id: UserId, list_id: ListId, change: ListChange
    ) -> UserList | None:
        """Change the settings of a list; return it, or None if it does not exist."""
        wanted = {
            "title": change.title,
            "replies_policy": change.replies_policy and change.replies_policy.value,
            "is_exclusive": change.is_exclusive,
            "is_public": change.is_public,
        }
        said = {name: value for name, value in wanted.items() if value is not None}
        setting = {"$set": said} if said else {}
        document = self._lists.find_one_and_update(
            _active(owner_id, list_id),
            {**setting, "$inc": {"version": 1}},
            return_document=ReturnDocument.AFTER,
        )
        return None if document is None else _to_listing(document).list

    def add(self, edges: Sequence[ListEdge], now: dt.datetime) -> list[ListEdge]:
        """Add people to one list, on both sides; return those who were not in it.

        All edges are of the same list, `merging` until its timeline has their posts.

        Raises:
            NotFoundError: The owner has no such list.
            InvalidError: The owner does not follow somebody, or the list is full.
        """
        owner_id, list_id = edges[0].owner_id, edges[0].list_id

        def work(session: Any) -> list[ListEdge]:
            found = self._lists.find_one(_active(owner_id, list_id), session=session)
            if found is None:
                raise NotFoundError(lazy_gettext("List not found."), list_id=list_id)
            new = [each for each in edges if each.member_id not in found["member_ids"]]
            if not new:
                return []
            if len(found["member_ids"]) + len(new) > MAX_MEMBERS:
                says = lazy_gettext(
                    "A list can have up to %(limit)s people.", limit=MAX_MEMBERS
                )
                raise InvalidError(says, {"account_ids": says})
            self._require_follows(new, session)
            self._lists.update_one(
                _active(owner_id, list_id),
                {
                    "$push": {"member_ids": {"$each": [e.member_id for e in new]}},
                    "$inc": {"version": 1},
                },
                session=session,
            )
            self._members.bulk_write(
                [
                    ReplaceOne(_named(d), d, upsert=True)
                    for d in (edge_document(edge, now) for edge in new)
                ],
                session=session,
            )
            return new

        return self._store.transact(work)

    def _require_follows(self, edges: Sequence[ListEdge], session: Any) -> None:
        owner_id = edges[0].owner_id
        follows = {
            "_id": {"$in": [f"{owner_id}:{each.member_id}" for each in edges]},
            "follower_id": owner_id,
            "state": PRESENT,
        }
        # A concurrent unfollow writes the same edges, so one of the two transactions
        # is repeated and sees the other. A nonce may change at any time.
        nonce = {"$set": {"nonce": edges[0].nonce}}
        matched = self._follows.update_many(follows, nonce, session=session)
        if matched.matched_count != len(edges):
            says = lazy_gettext("You can only add people you follow to a list.")
            raise InvalidError(says, {"account_ids": says})

    def remove(
        self,
        owner_id: UserId,
        list_id: ListId,
        member_ids: Sequence[UserId],
        now: dt.datetime,
    ) -> bool:
        """Remove people from a list, whose timeline then needs a purge.

        False if the owner has no such list. People who are not in it are ignored.
        """

        def work(session: Any) -> bool:
            result = self._lists.update_one(
                _active(owner_id, list_id),
                {
                    "$pull": {"member_ids": {"$in": list(member_ids)}},
                    "$inc": {"version": 1},
                },
                session=session,
            )
            if not result.matched_count:
                return False
            pairs = [(member_id, list_id) for member_id in member_ids]
            end_memberships(self._members, pairs, now, session)
            return True

        return self._store.transact(work)

    @translated()
    def delete(self, owner_id: UserId, list_id: ListId, now: dt.datetime) -> bool:
        """Hide a list from everybody; `remove_deleted` deletes the rest of it later.

        False if the owner has no such list.
        """
        result = self._lists.update_one(
            _active(owner_id, list_id),
            {"$set": {"state": "deleted", "due_at": now}, "$inc": {"version": 1}},
        )
        return result.modified_count == 1

    @translated()
    def remove_deleted(self, owner_id: UserId, list_id: ListId) -> None:
        """Delete the timeline and memberships of a deleted list, then the list."""
        deleted = {"_id": list_id, "owner_id": owner_id, "state": "deleted"}
        found = self._lists.find_one(deleted, {"member_ids": 1})
        if found is None:
            return
        owner = list_of(list_id)
        self._timelines.delete_one({"_id": owner})
        self._buckets.delete_many({"owner": owner})
        members = {"member_id": {"$in": found["member_ids"]}, "list_id": list_id}
        self._members.delete_many(members)
        self._lists.delete_one(deleted)


def _named(edge: Document) -> Document:
    return {"_id": edge["_id"], "member_id": edge["member_id"]}


def _merged_in(
    members: Collection[dict[str, Any]], listing: Listing
) -> frozenset[UserId]:
    query = {
        "_id": {"$in": [f"{i}:{listing.list.id}" for i in listing.member_ids]},
        "member_id": {"$in": list(listing.member_ids)},
        "state": "active",
    }
    return frozenset(UserId(d["member_id"]) for d in members.find(query))


def _active(owner_id: UserId, list_id: ListId) -> Document:
    return {"_id": list_id, "owner_id": owner_id, "state": "active"}


def _to_list(document: Document, members_count: int) -> UserList:
    return UserList(
        id=ListId(document["_id"]),
        owner_id=UserId(document["owner_id"]),
        title=document["title"],
        replies_policy=RepliesPolicy(document["replies_policy"]),
        is_exclusive=document["is_exclusive"],
        is_public=document.get("is_public", False),  # older lists are private
        members_count=members_count,
    )


def _to_listing(document: Document) -> Listing:
    members = frozenset(UserId(i) for i in document["member_ids"])
    return Listing(_to_list(document, len(members)), members)
