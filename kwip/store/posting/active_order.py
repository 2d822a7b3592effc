"""Conversations ordered by their last replies, now or as of an earlier time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pymongo import ASCENDING, DESCENDING, ReturnDocument

from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.posts import IMPORTED, OPEN
from kwip.domain.timelines.active_order import as_it_was, ordered
from kwip.domain.timelines.id_lists import Row
from kwip.store.client import ONE_BATCH, translated
from kwip.store.posting.posts import between

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kwip.domain.timelines.id_lists import Between
    from kwip.store.client import Document, Store

#: At most this many conversations that moved since are put back in their old places.
MAX_MOVED = 1_000
_PLACE = "last_public_reply_id"
_ROW = {"author_id": 1, _PLACE: 1, "quote_of_id": 1, "quote_of_author_id": 1}


class Root(NamedTuple):
    """Which timelines a conversation is in: those of the post that began it."""

    author_id: UserId
    is_listed: bool
    tags: tuple[str, ...]


class ActivityStore:
    """The `posts` that begin conversations, by `last_public_reply_id`.

    That is the newest public or unlisted reply, deleted or not, or the post itself;
    it only rises. Each method that reads rows makes one query and returns the highest
    first. With `as_of`, an id, rows are placed as they were when that id was the
    newest, and later conversations are absent: one more query, or two if any have
    moved since.
    """

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def bump(
        self, root_id: PostId, reply_id: PostId, *, is_imported: bool = False
    ) -> Root | None:
        """Move a conversation up to a reply, and return where it is shown.

        An imported reply only moves what was imported, too, and is None for all else:
        it is no news in the homes that hold a post which was written here.
        """
        query = {"_id": root_id} | ({"source": IMPORTED} if is_imported else {})
        found = self._posts.find_one_and_update(
            query,
            {"$max": {_PLACE: reply_id}},
            {"author_id": 1, "is_listed": 1, "tags": 1},
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            return None
        tags = tuple(found.get("tags", ())) if found["is_listed"] else ()
        return Root(UserId(found["author_id"]), found["is_listed"], tags)

    @translated()
    def listed(self, _: object, wanted: Between, as_of: int | None) -> list[Row]:
        """Read conversations of the public timeline."""
        return self._rows({"is_listed": True}, wanted, as_of)

    @translated()
    def tagged(self, tag: str, wanted: Between, as_of: int | None) -> list[Row]:
        """Read conversations whose first post has a hashtag and is public."""
        return self._rows({"tags": {"$eq": tag}, "is_listed": True}, wanted, as_of)

    @translated()
    def by_author(
        self, author_id: UserId, wanted: Between, as_of: int | None
    ) -> list[Row]:
        """Read conversations that an author began."""
        query = {"author_id": author_id, "is_tombstone": False}
        return self._rows(query, wanted, as_of)

    @translated()
    def places(self, ids: Collection[int], as_of: int) -> Mapping[int, int]:
        """Return where conversations stood, by their first posts: one query.

        Reads all their replies up to that time; index `root_id, _id`.
        """
        return self._places(ids, as_of)

    def _rows(self, query: Document, wanted: Between, as_of: int | None) -> list[Row]:
        order = ASCENDING if wanted.ascending else DESCENDING
        # What moves between the queries is found twice, never missed.
        below = wanted.below if as_of is None else min(wanted.below, as_of + 1)
        found = self._posts.find(
            {**query, _PLACE: between(wanted.above, below)}, _ROW
        ).sort(_PLACE, order)
        rows = [_to_row(d) for d in found.limit(wanted.limit).batch_size(ONE_BATCH)]
        if as_of is None:
            return ordered(rows)
        moved = [
            _to_row(d)
            for d in self._posts.find(
                {**query, _PLACE: {"$gt": as_of}, "_id": {"$lte": as_of}}, _ROW
            )
            .sort(_PLACE, ASCENDING)
            .limit(MAX_MOVED)
            .batch_size(ONE_BATCH)
        ]
        places = self._places([row.id for row in moved], as_of) if moved else {}
        return as_it_was(rows, moved, places, wanted)

    def _places(self, ids: Collection[int], as_of: int) -> dict[int, int]:
        grouped = self._posts.aggregate(
            [
                {
                    "$match": {
                        "root_id": {"$in": list(ids)},
                        "_id": {"$lte": as_of},
                        "visibility": {"$in": sorted(OPEN)},
                    }
                },
                {"$group": {"_id": "$root_id", "last": {"$max": "$_id"}}},
            ]
        )
        return {d["_id"]: d["last"] for d in grouped}


def _to_row(d: Any) -> Row:
    quoted = d.get("quote_of_id") or 0, d.get("quote_of_author_id") or 0
    return Row(d[_PLACE], d["_id"], d["author_id"], 0, *quoted)
