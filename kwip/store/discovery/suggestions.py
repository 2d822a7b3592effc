"""Whom to suggest: whom one's followees follow, and the directory."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from kwip.domain.ids import UserId
from kwip.domain.timelines.suggestions import MAX_DISMISSED, SuggestionSource
from kwip.store.client import translated
from kwip.store.paging import union
from kwip.store.social.edges import PRESENT
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.store.client import Document, Store

#: Followees who are chosen from, how many of them are asked, and how many follows of
#: each are read: so somebody who follows thousands costs no more than anybody else.
MAX_CHOSEN_FROM, MAX_ASKED, MAX_EACH = 1_000, 40, 200
#: People who are kept for one user.
MAX_RANKED = 200


class SuggestionStore:
    """The `suggestions` collection, and queries of `follows` and `users`."""

    def __init__(self, store: Store):
        self._suggestions = store.database["suggestions"]
        self._follows = store.database["follows"]
        self._users = store.database["users"]

    @translated()
    def of_users(self, user_ids: Sequence[UserId]) -> dict[UserId, SuggestionSource]:
        """Read what suggestions are made from; three queries for each user.

        Two are answered from the index of follows alone.
        """
        return {user_id: self._of(user_id) for user_id in user_ids}

    def _of(self, user_id: UserId) -> SuggestionSource:
        follows = self._follows.find(
            {"follower_id": user_id, "state": PRESENT}, {"_id": 0, "followee_id": 1}
        )
        ids = [d["followee_id"] for d in follows.limit(MAX_CHOSEN_FROM)]
        step = max(1, -(-len(ids) // MAX_ASKED))
        counts: Counter[UserId] = Counter()
        if ids:
            for d in union(self._follows, [_followed_by(i) for i in ids[::step]]):
                counts[UserId(d["followee_id"])] += 1
        known = {user_id, *ids}
        ranked = [i for i, _ in counts.most_common() if i not in known][:MAX_RANKED]
        own = self._suggestions.find_one({"_id": user_id}) or {}
        return SuggestionSource(
            tuple(ranked), frozenset(map(UserId, own.get("dismissed", ())))
        )

    @translated()
    def dismiss(self, user_id: UserId, other_id: UserId) -> None:
        """Note that a user doesn't want somebody suggested; safe to repeat."""
        kept = {"$each": [other_id], "$slice": -MAX_DISMISSED}
        with suppress(DuplicateKeyError):  # it is noted already
            self._suggestions.update_one(
                {"_id": user_id, "dismissed": {"$ne": other_id}},
                {
                    "$push": {"dismissed": kept},
                    "$setOnInsert": {"schema": schema_of("suggestions")},
                },
                upsert=True,
            )

    @translated()
    def newest(self, offset: int, limit: int) -> list[UserId]:
        """List discoverable users, the newest account first; from the index alone."""
        found = self._users.find({"is_discoverable": True}, {"_id": 1})
        page = found.sort("_id", DESCENDING).skip(offset).limit(limit)
        return [UserId(d["_id"]) for d in page]


def _followed_by(user_id: UserId) -> list[Document]:
    """Return the pipeline that lists whom a user follows, a few of them."""
    return [
        {"$match": {"follower_id": user_id, "state": PRESENT}},
        {"$limit": MAX_EACH},
        {"$project": {"_id": 0, "followee_id": 1}},
    ]
