"""The filters of each user, all in one small document."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pymongo.errors import DuplicateKeyError

from kwip.domain.clock import at, to_ms
from kwip.domain.ids import PostId
from kwip.domain.social.keyword_filters import (
    Filter,
    FilterAction,
    FilterContext,
    FilteredPost,
    FilterSet,
    Keyword,
)
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store


class StoredFilters(NamedTuple):
    """A user's filters and their version; 0 if there is no document yet."""

    filters: FilterSet
    version: int


class FilterStore:
    """The `filters` collection: one document per user."""

    def __init__(self, store: Store):
        self._filters = store.database["filters"]

    @translated()
    def find(self, user_id: UserId) -> StoredFilters:
        """Return a user's filters; one query."""
        found = self._filters.find_one({"_id": user_id})
        if found is None:
            return StoredFilters((), 0)
        return StoredFilters(to_filters(found["filters"]), found["version"])

    @translated()
    def replace(self, user_id: UserId, filters: FilterSet, version: int) -> bool:
        """Store what was made from a version; False if there is a newer one."""
        fields = {"filters": list(map(_document, filters)), "version": version + 1}
        if version:
            done = self._filters.update_one(
                {"_id": user_id, "version": version}, {"$set": fields}
            )
            return done.matched_count == 1
        try:
            self._filters.insert_one(
                {"_id": user_id, "schema": schema_of("filters"), **fields}
            )
        except DuplicateKeyError:
            return False
        return True


def filters_of(user_ids: Document) -> Document:
    """Add users' filters to a pipeline: `user_id`, `filters`, `direction`."""
    fields = {
        "_id": 0,
        "user_id": "$_id",
        "filters": 1,
        "direction": {"$literal": "filters"},
    }
    return {
        "coll": "filters",
        "pipeline": [{"$match": {"_id": user_ids}}, {"$project": fields}],
    }


def to_filters(documents: Sequence[Document]) -> FilterSet:
    """Return the filters of a document."""
    return tuple(map(_to_filter, documents))


def _to_filter(d: Document) -> Filter:
    ends = d["expires_at"]
    return Filter(
        id=d["id"],
        title=d["title"],
        contexts=tuple(map(FilterContext, d["contexts"])),
        action=FilterAction(d["action"]),
        expires_ms=None if ends is None else to_ms(ends),
        keywords=tuple(
            Keyword(k["id"], k["text"], k["is_whole_word"]) for k in d["keywords"]
        ),
        posts=tuple(FilteredPost(p["id"], PostId(p["post_id"])) for p in d["posts"]),
    )


def _document(each: Filter) -> Document:
    return {
        "id": each.id,
        "title": each.title,
        "contexts": [context.value for context in each.contexts],
        "action": each.action.value,
        "expires_at": None if each.expires_ms is None else at(each.expires_ms),
        "keywords": [
            {"id": k.id, "text": k.text, "is_whole_word": k.is_whole_word}
            for k in each.keywords
        ],
        "posts": [{"id": p.id, "post_id": p.post_id} for p in each.posts],
    }
