"""Blogs, whose feeds are read from time to time, by one worker at a time."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING, ReturnDocument

from kwip.domain.ids import UserId
from kwip.domain.posting.blogs import (
    MAX_BLOGS,
    MAX_SEEN,
    REMOVED,
    Blog,
    WaitingEntry,
)
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from kwip.store.client import Document, Store


class BlogStore(DueWork):
    """The `blogs` collection; due are feeds to read. A paused one is never due."""

    def __init__(self, store: Store):
        self._blogs = store.database["blogs"]
        super().__init__(self._blogs, {})

    @translated()
    def add(self, blog: Blog, due_at: dt.datetime) -> None:
        """Store a new blog, to be read at a time."""
        fields = asdict(blog)
        document = {"schema": schema_of("blogs"), "_id": fields.pop("id"), **fields}
        times = {"due_at": due_at, "leased_until": due_at}
        self._blogs.insert_one(document | times)

    @translated()
    def of_owner(self, owner_id: UserId) -> list[Blog]:
        """Return a user's blogs without the removed ones, the oldest first."""
        there = {"owner_id": owner_id, "problem": {"$ne": REMOVED}}
        found = self._blogs.find(there).sort("_id", ASCENDING)
        return [_to_blog(d) for d in found.limit(2 * MAX_BLOGS)]

    @translated()
    def posted_before(self, owner_id: UserId, url: str) -> tuple[str, ...]:
        """Return what was posted of a feed that its owner removed since, by keys."""
        removed = {"owner_id": owner_id, "problem": REMOVED, "url": url}
        found = self._blogs.find(removed, {"posted": 1}).limit(MAX_BLOGS)
        return tuple(dict.fromkeys(key for d in found for key in d["posted"]))

    @translated()
    def find(self, blog_id: int) -> Blog | None:
        """Return a blog."""
        found = self._blogs.find_one({"_id": blog_id})
        return None if found is None else _to_blog(found)

    @translated()
    def change(
        self, owner_id: UserId, blog_id: int, values: Mapping[str, object]
    ) -> bool:
        """Change what its owner decides; False if there is none."""
        own = {"_id": blog_id, "owner_id": owner_id, "problem": {"$ne": REMOVED}}
        done = self._blogs.update_one(own, {"$set": dict(values)})
        return done.matched_count == 1

    @translated()
    def delete(self, owner_id: UserId, blog_id: int) -> bool:
        """Delete a blog, also what was posted of it; False if there is none."""
        own = {"_id": blog_id, "owner_id": owner_id}
        return self._blogs.delete_one(own).deleted_count == 1

    @translated()
    def remove(self, owner_id: UserId, blog_id: int) -> bool:
        """Remove a blog, but keep what was posted of it; False if there is none.

        So nothing is posted twice if it is added again. Of those that were removed
        before, the newest ones are kept.
        """
        kept = self._blogs.find({"owner_id": owner_id, "problem": REMOVED}, {"_id": 1})
        older = [d["_id"] for d in kept.sort("_id", DESCENDING).skip(MAX_BLOGS - 1)]
        empty: Document = {"seen": [], "waiting": [], "sample": [], "title": ""}
        paused = {"problem": REMOVED, "is_paused": True, "due_at": None, "worker": ""}
        done = self.change(owner_id, blog_id, {**empty, **paused})
        if done and older:
            self._blogs.delete_many({"_id": {"$in": older}, "problem": REMOVED})
        return done

    @translated()
    def begin(
        self, blog_id: int, worker: str, now: dt.datetime, until: dt.datetime
    ) -> Blog | None:
        """Take the lease on a blog; None if it is another worker's, paused or gone."""
        found = self._blogs.find_one_and_update(
            {"_id": blog_id, "is_paused": False, "leased_until": {"$lte": now}},
            {"$set": {"leased_until": until, "due_at": until, "worker": worker}},
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _to_blog(found)

    @translated()
    def note(
        self,
        held: Blog,
        values: Mapping[str, object],
        *,
        seen: Sequence[str] = (),
        posted: Sequence[str] = (),
        waiting: Sequence[WaitingEntry] = (),
    ) -> bool:
        """Store what was read, and what is to be posted; False if the lease is lost.

        It is one write: an entry is remembered if and only if it will be posted.
        """
        push: Document = {}
        if seen:
            push["seen"] = {"$each": list(seen), "$slice": -MAX_SEEN}
        if posted:
            push["posted"] = {"$each": list(posted), "$slice": -MAX_SEEN}
        if waiting:
            push["waiting"] = {"$each": [asdict(each) for each in waiting]}
        update: Document = {"$set": dict(values)}
        if push:
            update["$push"] = push
        return self._blogs.update_one(_held(held), update).matched_count == 1

    @translated()
    def holds(self, held: Blog) -> bool:
        """Return whether this worker still has the lease on a blog that goes on."""
        mine = _held(held) | {"is_paused": False}
        return self._blogs.find_one(mine, {"_id": 1}) is not None

    @translated()
    def posted(self, blog_id: int, key: str, day: str) -> None:
        """Note that an entry was posted, or cannot be; safe to repeat."""
        waiting = {"_id": blog_id, "waiting.key": key}
        self._blogs.update_one(
            waiting,
            [
                {
                    "$set": {
                        "waiting": {
                            "$filter": {
                                "input": "$waiting",
                                "cond": {"$ne": ["$$this.key", key]},
                            }
                        },
                        "posted": {
                            "$slice": [
                                {"$concatArrays": ["$posted", [key]]},
                                -MAX_SEEN,
                            ]
                        },
                        "posted_count": {"$add": ["$posted_count", 1]},
                        "day_count": {
                            "$cond": [
                                {"$eq": ["$day", day]},
                                {"$add": ["$day_count", 1]},
                                1,
                            ]
                        },
                        "day": day,
                    }
                }
            ],
        )

    @translated()
    def end(
        self, held: Blog, values: Mapping[str, object], due_at: dt.datetime | None
    ) -> bool:
        """End the lease, and say when the feed is read next; False if it is lost.

        A blog that was paused meanwhile stays so.
        """
        free = {**values, "leased_until": held.added_at, "worker": ""}
        plain = {k: {"$literal": value} for k, value in free.items()}
        due = {"$cond": ["$is_paused", None, {"$literal": due_at}]}
        update: list[Document] = [{"$set": plain}, {"$set": {"due_at": due}}]
        return self._blogs.update_one(_held(held), update).matched_count == 1


def _held(held: Blog) -> Document:
    return {"_id": held.id, "worker": held.worker}


def _to_blog(d: Document) -> Blog:
    known = {k: v for k, v in d.items() if k in Blog.__slots__}
    return Blog(
        **known
        | {
            "id": d["_id"],
            "owner_id": UserId(d["owner_id"]),
            "seen": tuple(d["seen"]),
            "posted": tuple(d["posted"]),
            "sample": tuple(d["sample"]),
            "waiting": tuple(WaitingEntry(**each) for each in d["waiting"]),
        }
    )
