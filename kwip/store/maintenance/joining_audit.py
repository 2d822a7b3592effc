"""Queries that check invitations and requests to join."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.ids import NOBODY
from kwip.store.accounts.users import claims_of
from kwip.store.client import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.store.client import Document, Store


class Count(NamedTuple):
    """How often an invitation was used, as it says and as counted."""

    code: str
    said: int
    counted: int


class JoiningAuditStore:
    """Read what belongs together."""

    def __init__(self, store: Store):
        self._database = store.database
        self._invitations = store.database["invitations"]
        self._claims = store.database["claims"]

    @translated()
    def miscounted(self) -> list[Count]:
        """Return the invitations whose number of uses is wrong; one pipeline."""
        found = self._invitations.aggregate(_counting({"_id": {"$gt": ""}}))
        return [count for count in map(_count, found) if self._is_wrong(count)]

    def _is_wrong(self, count: Count) -> bool:
        """Count once more what seems wrong: a sign-up may have been in between."""
        if count.said == count.counted:
            return False
        again = list(self._invitations.aggregate(_counting({"_id": count.code})))
        return any(c.said != c.counted for c in map(_count, again))

    def unclaimed(self) -> Iterator[str]:
        """Iterate over the usernames of requests that lack a claim."""
        with translated():
            yield from self._unclaimed()

    def _unclaimed(self) -> Iterator[str]:
        for each in self._database["applications"].find({"_id": {"$gt": 0}}):
            claims = list(claims_of(each["username"], each["email_key"]))
            held = {"_id": {"$in": claims}, "user_id": NOBODY}
            same = {"_id": each["_id"]}
            if self._claims.count_documents(held) < len(claims) and self._database[
                "applications"
            ].find_one(same, {"_id": 1}):
                yield each["username"]


def _counting(query: Document) -> list[Document]:
    users = {
        "from": "invited",
        "localField": "_id",
        "foreignField": "code",
        "as": "users",
    }
    shown = {
        "said": "$uses_count",
        "counted": {"$add": ["$gone_count", {"$size": "$users"}]},
    }
    return [{"$match": query}, {"$lookup": users}, {"$project": shown}]


def _count(document: Document) -> Count:
    return Count(document["_id"], document["said"], document["counted"])
