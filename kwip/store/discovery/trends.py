"""What trends are computed from, and the trends themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pymongo import DESCENDING, ReplaceOne

from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.posts import Visibility
from kwip.domain.posting.reactions import Act
from kwip.domain.timelines.tags import TagDay
from kwip.domain.timelines.timelines import Entry
from kwip.domain.timelines.trends import Trend, Use
from kwip.store.client import ONE_BATCH, translated
from kwip.store.paging import union
from kwip.store.posting.posts import ENTRY, to_entry
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from kwip.domain.timelines.trends import PeopleOrder, TrendKind
    from kwip.store.client import Document, Store

_COUNTS = ("favourites_count", "reposts_count", "replies_count")
_RECENT = ENTRY | dict.fromkeys(
    ("tags", "links.url", "warning", "is_sensitive", *_COUNTS), 1
)
_ACTS = [Act.FAVOURITE.value, Act.REPOST.value]
#: The fields of an `Entry` in a trend.
_ENTRY = tuple("reply_to_id" if n == "reply_to_author_id" else n for n in Entry._fields)


class RecentPost(NamedTuple):
    """A post of the public timeline; `link` is its first one, or empty.

    `reactions` counts favourites, reposts and replies, also several by one person.
    """

    entry: Entry
    tags: tuple[str, ...]
    link: str
    is_sensitive: bool
    reactions: int


class TrendStore:
    """The `trends` collection, and the queries of the job that computes it."""

    def __init__(self, store: Store):
        self._trends = store.database["trends"]
        self._posts = store.database["posts"]
        self._reactions = store.database["reactions"]

    @translated()
    def recent(self, above: int, limit: int) -> list[RecentPost]:
        """Read the newest posts of the public timeline above an id, newest first."""
        found = self._posts.find({"is_listed": True, "_id": {"$gt": above}}, _RECENT)
        newest = found.sort("_id", DESCENDING).limit(limit).batch_size(ONE_BATCH)
        return [
            RecentPost(
                to_entry(d),
                # Schema 1 of posts has no hashtags, warnings, reposts or favourites.
                tuple(d.get("tags", ())),
                next((link["url"] for link in d["links"]), ""),
                d.get("is_sensitive", False) or bool(d.get("warning")),
                sum(d.get(name, 0) for name in _COUNTS),
            )
            for d in newest
        ]

    @translated()
    def reactions_to(self, ids: Sequence[PostId], each: int) -> list[Use[PostId]]:
        """List favourites and reposts of some posts, `each` of a post at most.

        One command for any number of posts.
        """
        found = union(self._reactions, [_reactions_to(i, each) for i in ids])
        return [
            Use(PostId(d["post_id"]), UserId(d["user_id"]), d["seq"]) for d in found
        ]

    @translated()
    def replies_to(self, ids: Sequence[PostId], each: int) -> list[Use[PostId]]:
        """List public replies in the conversations that some posts begin.

        The newest `each` posts of a conversation are read. One command for any number.
        """
        found = union(self._posts, [_replies_to(i, each) for i in ids])
        return [
            Use(PostId(d["root_id"]), UserId(d["author_id"]), d["_id"]) for d in found
        ]

    @translated()
    def save(
        self,
        now: dt.datetime,
        trends: Mapping[TrendKind, Sequence[Trend]],
        people: Mapping[PeopleOrder, Sequence[UserId]],
    ) -> None:
        """Replace what was computed before. One command."""
        content: dict[str, Document] = {
            **{kind: {"trends": [_pack(t) for t in trends[kind]]} for kind in trends},
            **{order: {"user_ids": list(people[order])} for order in people},
        }
        head = {"schema": schema_of("trends"), "computed_at": now}
        writes: list[ReplaceOne[Document]] = [
            ReplaceOne({"_id": name}, head | found, upsert=True)
            for name, found in content.items()
        ]
        self._trends.bulk_write(writes)

    @translated()
    def computed_at(self) -> dt.datetime | None:
        """Return when trends were last computed; None if never."""
        found = self._trends.find_one({"_id": "tags"}, {"computed_at": 1})
        return None if found is None else found["computed_at"]

    @translated()
    def trends(self, kinds: Sequence[TrendKind]) -> dict[TrendKind, tuple[Trend, ...]]:
        """Read the trends of some kinds; those never computed are empty."""
        found = self._find(kinds)
        return {
            kind: tuple(map(_unpack, found.get(kind, {}).get("trends", ())))
            for kind in kinds
        }

    @translated()
    def people(
        self, orders: Sequence[PeopleOrder]
    ) -> dict[PeopleOrder, tuple[UserId, ...]]:
        """Read people in some orders; those never computed are empty."""
        found = self._find(orders)
        return {
            order: tuple(map(UserId, found.get(order, {}).get("user_ids", ())))
            for order in orders
        }

    def _find(self, names: Sequence[str]) -> dict[str, Document]:
        return {d["_id"]: d for d in self._trends.find({"_id": {"$in": list(names)}})}


def _reactions_to(post_id: PostId, each: int) -> list[Document]:
    return [
        {"$match": {"post_id": post_id, "act": {"$in": _ACTS}}},
        {"$limit": each},
        {"$project": {"_id": 0, "post_id": 1, "user_id": 1, "seq": 1}},
    ]


def _replies_to(post_id: PostId, each: int) -> list[Document]:
    shown = {"visibility": Visibility.PUBLIC.value, "is_tombstone": False}
    return [
        {"$match": {"root_id": post_id, "_id": {"$gt": post_id}}},
        {"$sort": {"_id": DESCENDING}},
        {"$limit": each},
        {"$match": shown},
        {"$project": {"root_id": 1, "author_id": 1}},
    ]


def _pack(trend: Trend) -> Document:
    return {
        "name": trend.name,
        "posts": [dict(zip(_ENTRY, e, strict=True)) for e in trend.posts],
        "history": [day._asdict() for day in trend.history],
    }


def _unpack(d: Any) -> Trend:
    # What an earlier version computed has other names.
    posts = [Entry(*(x.get(name, 0) for name in _ENTRY)) for x in d["posts"]]
    return Trend(d["name"], tuple(posts), tuple(TagDay(**x) for x in d["history"]))
