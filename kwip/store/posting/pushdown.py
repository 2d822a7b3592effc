"""Posts that match a pushdown filter: reading a timeline past what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.store.client import translated
from kwip.store.posting.posts import ENTRY, between, to_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.ids import UserId
    from kwip.domain.timelines.pushdown import Pushdown
    from kwip.domain.timelines.timelines import Entry
    from kwip.store.client import Document, Store


class PushdownStore:
    """The `posts` collection, queried for what a viewer may see."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def entries(
        self,
        where: Pushdown,
        authors: Sequence[UserId],
        *,
        below: int,
        above: int,
        limit: int,
        ascending: bool,
    ) -> list[Entry]:
        """Read entries of some of a filter's authors between two ids; one query.

        At most 200 authors, none if the filter names none. Newest first, or oldest
        first if `ascending`; by the index of the timeline that the filter is for. The
        server examines what the filter leaves out.
        """
        query = {**_query(where, authors), "_id": between(above, below)}
        order = ASCENDING if ascending else DESCENDING
        found = self._posts.find(query, ENTRY).sort("_id", order)
        return [to_entry(d) for d in found.limit(limit).batch_size(limit)]


def _query(where: Pushdown, authors: Sequence[UserId]) -> Document:
    query: Document = {"is_tombstone": False}
    hidden = sorted(where.hidden)
    if authors:
        query["author_id"] = {"$in": list(authors)}
    elif hidden:
        query["author_id"] = {"$nin": hidden}
    if not where.has_reposts:
        query["repost_of_id"] = None
    elif hidden:
        query["repost_of_author_id"] = {"$nin": hidden}
    flags = {"has_media": where.has_media, "is_listed": where.is_listed}
    query |= {name: True for name, is_wanted in flags.items() if is_wanted}
    tags = {"$eq": where.tag, "$all": where.all_tags, "$nin": where.no_tags}
    if said := {operator: value for operator, value in tags.items() if value}:
        query["tags"] = said
    choices = [c for c in (_seen(where), _answering(where), _new(where)) if c]
    if choices:
        query["$and"] = [{"$or": choice} for choice in choices]
    return query


def _seen(where: Pushdown) -> list[Document]:
    if where.audience is None:
        return []
    return [
        {"visibility": {"$in": sorted(where.audience)}},
        *_own(where),
        *([{"mentions.user_id": where.viewer_id}] if where.viewer_id else []),
    ]


def _answering(where: Pushdown) -> list[Document]:
    if where.addressees is None:
        return []
    return [
        {"in_reply_to_author_id": {"$in": [None, *sorted(where.addressees)]}},
        {"$expr": {"$eq": ["$in_reply_to_author_id", "$author_id"]}},
        *_own(where),
    ]


def _new(where: Pushdown) -> list[Document]:
    # Older schemas of posts do not have the field.
    return [] if where.has_repeats else [{"repeats_id": None}, *_own(where)]


def _own(where: Pushdown) -> list[Document]:
    return [{"author_id": where.viewer_id}] if where.viewer_id else []
