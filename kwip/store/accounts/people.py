"""Find users by the words of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import UpdateOne

from kwip.domain.ids import UserId
from kwip.domain.names import name_terms
from kwip.store.client import ONE_BATCH, translated
from kwip.store.paging import page_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.store.client import Store

_NAMES = {"username": 1, "display_name": 1, "names": 1}
#: Above every word that begins with another.
_END = "\U0010ffff"


class PeopleStore:
    """The names in the `users` collection; each method makes one query."""

    def __init__(self, store: Store):
        self._users = store.database["users"]

    @translated()
    def named(self, terms: Sequence[str], limit: int) -> list[UserId]:
        """Find users with a name among some terms; index `names`."""
        found = self._users.find({"names": {"$in": list(terms)}}, {"_id": 1})
        return [UserId(d["_id"]) for d in found.limit(limit).batch_size(ONE_BATCH)]

    @translated()
    def prefixed(self, start: str, limit: int) -> list[UserId]:
        """Find users with a name that begins with a word; index `names`."""
        within = {"$gte": start, "$lt": start + _END}
        found = self._users.find({"names": {"$elemMatch": within}}, {"_id": 1})
        return [UserId(d["_id"]) for d in found.limit(limit).batch_size(ONE_BATCH)]

    @translated()
    def misnamed_after(
        self, user_id: int, limit: int
    ) -> tuple[int, int, dict[UserId, list[str]]]:
        """Page all users: the last id, how many, and the right names of wrong ones."""
        page = list(page_after(self._users, {}, user_id, limit, _NAMES))
        right = {
            UserId(d["_id"]): name_terms(d["username"], d["display_name"]) for d in page
        }
        wrong = {d["_id"]: right[d["_id"]] for d in page}
        for each in page:
            if each.get("names") == right[each["_id"]]:
                del wrong[each["_id"]]
        return page[-1]["_id"] if page else user_id, len(page), wrong

    @translated()
    def rename(self, names: dict[UserId, list[str]]) -> None:
        """Store the names that users are found by."""
        if names:
            self._users.bulk_write(
                [
                    UpdateOne({"_id": user_id}, {"$set": {"names": found}})
                    for user_id, found in names.items()
                ]
            )
