"""The posts that a sieve leaves in: timelines read past what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.store.client import translated
from kwip.store.posts import ENTRY, between, to_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.ids import UserId
    from kwip.domain.pushdown import Sieve
    from kwip.domain.timelines import Entry
    from kwip.store.client import Document, Store


class SieveStore:
    """The `posts` collection, asked for what a viewer may see."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def entries(
        self,
        sieve: Sieve,
        authors: Sequence[UserId],
        *,
        below: int,
        above: int,
        limit: int,
        ascending: bool,
    ) -> list[Entry]:
        """Read entries by some of a sieve's authors between two ids, one query.

        At most 200 authors, none for a sieve that names none. Newest first, or oldest
        first if `ascending`; by the index of the timeline that it is for. What the
        sieve leaves out is looked at in the server.
        """
        query = {**_query(sieve, authors), "_id": between(above, below)}
        order = ASCENDING if ascending else DESCENDING
        found = self._posts.find(query, ENTRY).sort("_id", order)
        return [to_entry(d) for d in found.limit(limit).batch_size(limit)]


def _query(sieve: Sieve, authors: Sequence[UserId]) -> Document:
    query: Document = {"is_tombstone": False}
    hidden = sorted(sieve.hidden)
    if authors:
        query["author_id"] = {"$in": list(authors)}
    elif hidden:
        query["author_id"] = {"$nin": hidden}
    if not sieve.has_reposts:
        query["repost_of_id"] = None
    elif hidden:
        query["repost_of_author_id"] = {"$nin": hidden}
    if sieve.is_listed:
        query["is_listed"] = True
    tags = {"$eq": sieve.tag, "$all": sieve.all_tags, "$nin": sieve.no_tags}
    if said := {operator: value for operator, value in tags.items() if value}:
        query["tags"] = said
    choices = [c for c in (_seen(sieve), _answering(sieve), _new(sieve)) if c]
    if choices:
        query["$and"] = [{"$or": choice} for choice in choices]
    return query


def _seen(sieve: Sieve) -> list[Document]:
    if sieve.audience is None:
        return []
    return [
        {"visibility": {"$in": sorted(sieve.audience)}},
        *_own(sieve),
        *([{"mentions.user_id": sieve.viewer_id}] if sieve.viewer_id else []),
    ]


def _answering(sieve: Sieve) -> list[Document]:
    if sieve.addressees is None:
        return []
    return [
        {"in_reply_to_author_id": {"$in": [None, *sorted(sieve.addressees)]}},
        {"$expr": {"$eq": ["$in_reply_to_author_id", "$author_id"]}},
        *_own(sieve),
    ]


def _new(sieve: Sieve) -> list[Document]:
    # Posts of older schemas do not have the field.
    return [] if sieve.has_repeats else [{"repeats_id": None}, *_own(sieve)]


def _own(sieve: Sieve) -> list[Document]:
    return [{"author_id": sieve.viewer_id}] if sieve.viewer_id else []
