"""The index that posts are found by, and which posts it has yet to take in.

One document per post, with the terms that find it (see `kwip.text.terms`). A new post
is put in by its fan-out; `posts.search_due_at` marks one that has changed since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.errors import BulkWriteError

from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.reactions import Act
from kwip.domain.timelines.search import Hit
from kwip.store.bulk import duplicates_in
from kwip.store.client import ONE_BATCH, translated
from kwip.store.due_work import DueWork
from kwip.store.paging import union
from kwip.store.posting.posts import between
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.id_lists import Between
    from kwip.domain.timelines.search import Sought
    from kwip.store.client import Document, Store

#: Postings of a term that one lookup examines, at most: 4 ms if none of them matches.
EXAMINED = 2_000
#: How far into the postings of each term is looked to tell which is the rarest.
PROBED = 200
#: Favourites and bookmarks, and own posts, that one lookup examines, at most.
LIBRARY = 1_000

#: Posts that the history of some hashtags is counted from, at most.
COUNTED = 5_000

_DUE = "search_due_at"
_HIT = dict.fromkeys(
    ("author_id", "reply_to_id", "version", "quote_of_id", "quote_of_author_id"), 1
)


class SearchDocument(TypedDict):
    """What finds a post; `version` is that of the text it was made from.

    `post_id` is `_id` again: MongoDB could choose to walk the index of `_id`, which has
    no terms, but not that of another field. `owner` precedes each term if only the
    author can find the post. One that was deleted has no terms: its document keeps an
    earlier version from being put in afterwards.
    """

    _id: PostId
    post_id: PostId
    schema: int
    version: int
    author_id: UserId
    reply_to_id: UserId
    quote_of_id: NotRequired[PostId]
    quote_of_author_id: NotRequired[UserId]
    owner: str
    terms: list[str]


class Use(NamedTuple):
    """A post, and the hashtags it was published with."""

    post_id: PostId
    author_id: UserId
    tags: tuple[str, ...]


class SearchStore(DueWork):
    """The `search_posts` and `hashtags` collections, and `posts.search_due_at`."""

    def __init__(self, store: Store):
        self._index = store.database["search_posts"]
        self._posts = store.database["posts"]
        self._reactions = store.database["reactions"]
        self._tags = store.database["hashtags"]
        super().__init__(self._posts, {}, due_at=_DUE)

    @translated()
    def put(self, documents: Iterable[SearchDocument]) -> None:
        """Index posts, unless a later version of them is indexed already.

        One command for any number. Safe to repeat, in any order.
        """
        writes = [
            UpdateOne(
                {"_id": d["_id"], "version": {"$lte": d["version"]}},
                {"$set": d},
                upsert=True,
            )
            for d in documents
        ]
        if not writes:
            return
        try:
            self._index.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            duplicates_in(error)  # those that have a later version

    @translated()
    def put_tags(self, posts: Iterable[Post]) -> None:
        """Note the hashtags of public posts, and when they were last used.

        One command for any number, none without hashtags. Safe to repeat.
        """
        writes = [
            UpdateOne(
                {"_id": tag},
                {
                    "$max": {"last_id": post.id},
                    "$setOnInsert": {"schema": schema_of("hashtags")},
                },
                upsert=True,
            )
            for post in posts
            for tag in post.tags
        ]
        if writes:
            self._tags.bulk_write(writes, ordered=False)

    @translated()
    def remove(self, post_id: PostId) -> None:
        """Remove the document of a post that does not exist."""
        self._index.delete_one({"_id": post_id})

    @translated()
    def reaches(
        self, sets: Sequence[frozenset[str]], wanted: Between
    ) -> list[int | None]:
        """Return how far each set of terms reaches in its first `PROBED` postings.

        None if it has fewer. One command for any number of sets, from the index alone.
        """
        probes: list[list[Document]] = [
            [
                *_walk(terms, wanted),
                {"$skip": PROBED - 1},
                {"$limit": 1},
                {"$project": {"_id": 0, "post_id": 1, "number": {"$literal": number}}},
            ]
            for number, terms in enumerate(sets)
        ]
        reached = {d["number"]: d["post_id"] for d in union(self._index, probes)}
        return [reached.get(number) for number in range(len(sets))]

    @translated()
    def hits(self, sought: Sought, wanted: Between) -> list[Hit]:
        """Find posts, examining at most `EXAMINED`; index `terms, post_id`.

        Newest first, or oldest first if `ascending`.
        """
        found = self._index.aggregate(
            [
                *_walk(sought.walked, wanted),
                {"$limit": EXAMINED},
                *_filter(sought),
                {"$limit": wanted.limit},
                {"$project": _HIT},
            ],
            batchSize=ONE_BATCH,
        )
        return [_to_hit(d) for d in found]

    @translated()
    def end(self, walked: frozenset[str], wanted: Between) -> int | None:
        """Return the last id that `hits` examines; None if nothing lies beyond it.

        From the index alone.
        """
        last: list[Document] = [
            {"$skip": EXAMINED - 1},
            {"$limit": 2},
            {"$project": {"_id": 0, "post_id": 1}},
        ]
        found = list(self._index.aggregate([*_walk(walked, wanted), *last]))
        return found[0]["post_id"] if len(found) > 1 else None

    @translated()
    def library(self, user_id: UserId, wanted: Between) -> list[PostId]:
        """List a user's posts, favourites and bookmarks, in the order of their ids.

        Two queries, the first of which is answered from the index alone. At most the
        first `LIBRARY`.
        """
        order = ASCENDING if wanted.ascending else DESCENDING
        ids = between(wanted.above, wanted.below)
        acts = [Act.FAVOURITE.value, Act.BOOKMARK.value]
        reacted = self._reactions.find(
            {"user_id": user_id, "post_id": ids, "act": {"$in": acts}},
            {"_id": 0, "post_id": 1},
        )
        written = self._posts.find(
            {"author_id": user_id, "_id": ids, "is_tombstone": False}, {"_id": 1}
        )
        found = {
            *(
                PostId(d["post_id"])
                # A post may be a favourite and bookmarked.
                for d in reacted.sort("post_id", order)
                .limit(2 * LIBRARY)
                .batch_size(ONE_BATCH)
            ),
            *(
                PostId(d["_id"])
                for d in written.sort("_id", order).limit(LIBRARY).batch_size(ONE_BATCH)
            ),
        }
        return sorted(found, reverse=not wanted.ascending)[:LIBRARY]

    @translated()
    def among(self, ids: Collection[PostId], sought: Sought) -> list[Hit]:
        """Find posts among at most `LIBRARY`, whoever else can find them; unordered."""
        required = [terms for terms in (sought.walked, *sought.others) if terms]
        conditions = [{"$ne": [_common(terms), []]} for terms in required]
        if sought.excluded:
            conditions.append({"$eq": [_common(sought.excluded), []]})
        found = self._index.find(
            {"_id": {"$in": list(ids)}, "$expr": {"$and": conditions}}, _HIT
        )
        return [_to_hit(d) for d in found.batch_size(ONE_BATCH)]

    @translated()
    def tags_from(self, start: str, limit: int) -> list[str]:
        """List hashtags whose names begin so, the latest used first, of some names.

        At most `limit` names are read, in their order; index `_id`.
        """
        within = {"$gte": start, "$lt": start + "\U0010ffff"}
        found = list(self._tags.find({"_id": within}).limit(limit))
        found.sort(key=lambda d: d["last_id"], reverse=True)
        return [d["_id"] for d in found]

    @translated()
    def used_among(self, tags: Sequence[str]) -> set[str]:
        """Return which hashtags public posts have; one command for any number."""
        looks: list[list[Document]] = [
            [
                {"$match": {"tags": {"$eq": tag}}},
                {"$limit": 1},
                {"$project": {"_id": 0, "tag": {"$literal": tag}}},
            ]
            for tag in tags
        ]
        return {d["tag"] for d in union(self._posts, looks)}

    @translated()
    def uses(self, tags: Sequence[str], above: int) -> list[Use]:
        """List public posts above an id with some hashtags, at most `COUNTED`."""
        found = self._posts.find(
            {"tags": {"$in": list(tags)}, "_id": {"$gt": above}},
            {"author_id": 1, "tags": 1},
        )
        return [
            Use(PostId(d["_id"]), UserId(d["author_id"]), tuple(d["tags"]))
            for d in found.limit(COUNTED).batch_size(ONE_BATCH)
        ]

    @translated()
    def settle(self, post_id: PostId, version: int) -> None:
        """Note that a version of a post is indexed; a later one stays due."""
        self._posts.update_one(
            {"_id": post_id, "version": version}, {"$unset": {_DUE: 1}}
        )


def _walk(terms: Iterable[str], wanted: Between) -> list[Document]:
    order = ASCENDING if wanted.ascending else DESCENDING
    ids = between(wanted.above, wanted.below)
    return [
        {"$match": {"terms": {"$in": sorted(terms)}, "post_id": ids}},
        {"$sort": {"post_id": order}},
    ]


def _filter(sought: Sought) -> list[Document]:
    conditions = [{"terms": {"$in": sorted(terms)}} for terms in sought.others]
    if sought.excluded:
        conditions.append({"terms": {"$nin": sorted(sought.excluded)}})
    return [{"$match": {"$and": conditions}}] if conditions else []


def _common(terms: Iterable[str]) -> Document:
    """Return which of some terms a document has, whoever can find it by them."""
    marked = [{"$concat": ["$owner", {"$literal": term}]} for term in sorted(terms)]
    return {"$setIntersection": [marked, "$terms"]}


def _to_hit(d: Document) -> Hit:
    return Hit(
        PostId(d["_id"]),
        UserId(d["author_id"]),
        UserId(d["reply_to_id"]),
        d["version"],
        PostId(d.get("quote_of_id", 0)),
        UserId(d.get("quote_of_author_id", 0)),
    )
