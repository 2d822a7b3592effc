"""Sessions and personal tokens: two collections with the same fields.

The secret itself is never stored, only its SHA-256. `_id` begins with the user's id, so
everything about a viewer can be read together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from kwip.domain.ids import UserId
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kwip.store.client import Document, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A valid session or token (sessions: until `expires_at`).

    `language` and `time_zone` are its user's, only from `find_usable`.
    """

    user_id: UserId
    digest: str
    username: str
    name: str
    scopes: frozenset[str]
    created_at: dt.datetime
    expires_at: dt.datetime | None = None
    language: str = ""
    time_zone: str = ""


class AccessKeyStore:
    """The `sessions` or the `tokens` collection."""

    def __init__(self, store: Store, collection: Literal["sessions", "tokens"]):
        self._collection = store.database[collection]
        self._name = collection

    @translated()
    def create(self, access_key: AccessKey) -> None:
        """Store a new session or token."""
        document: Document = {
            "_id": f"{access_key.user_id}:{access_key.digest}",
            "schema": schema_of(self._name),
            "user_id": access_key.user_id,
            "username": access_key.username,
            "name": access_key.name,
            "scopes": sorted(access_key.scopes),
            "created_at": access_key.created_at,
        }
        if access_key.expires_at is not None:
            document["expires_at"] = access_key.expires_at
        self._collection.insert_one(document)

    @translated()
    def find(self, user_id: UserId, digest: str) -> AccessKey | None:
        """Find a key by its user and the digest of its secret."""
        document = self._collection.find_one({"_id": f"{user_id}:{digest}"})
        return None if document is None else _to_access_key(document)

    @translated()
    def find_usable(self, user_id: UserId, digest: str) -> AccessKey | None:
        """Do the same, but only if the user exists and is not suspended; one query."""
        found = self._collection.aggregate(
            [
                {"$match": {"_id": f"{user_id}:{digest}"}},
                {
                    "$lookup": {
                        "from": "users",
                        "localField": "user_id",
                        "foreignField": "_id",
                        "pipeline": [
                            {"$match": {"is_suspended": {"$ne": True}}},
                            {"$project": {"language": 1, "time_zone": 1}},
                        ],
                        "as": "users",
                    }
                },
                {"$match": {"users": {"$ne": []}}},
            ]
        )
        return next((_of_user(_to_access_key(d), d["users"][0]) for d in found), None)

    @translated()
    def of_user(self, user_id: UserId) -> list[AccessKey]:
        """List a user's keys, oldest first."""
        found = self._collection.find({"_id": _all_of(user_id)})
        return sorted((_to_access_key(d) for d in found), key=lambda a: a.created_at)

    @translated()
    def delete(self, user_id: UserId, digest: str) -> bool:
        """Delete a key; False if it was already gone."""
        result = self._collection.delete_one({"_id": f"{user_id}:{digest}"})
        return result.deleted_count == 1

    @translated()
    def end_all(self, user_id: UserId, now: dt.datetime, *, but: str = "") -> list[str]:
        """End all keys of a user except one, and return their digests.

        They stay stored, so that a retry finds them again: call `forget` once their
        cached keys are invalidated.
        """
        of_user = {"_id": _all_of(user_id) | {"$ne": f"{user_id}:{but}"}}
        self._collection.update_many(of_user, {"$set": {"expires_at": now}})
        found = self._collection.find({**of_user, "expires_at": now}, {"_id": 1})
        return [d["_id"].partition(":")[2] for d in found]

    @translated()
    def end_oldest(
        self, user_id: UserId, keep: int, now: dt.datetime, *, but: str
    ) -> list[str]:
        """End a user's keys except one and the newest `keep`; return their digests.

        Call `forget` afterwards, as with `end_all`.
        """
        of_user = {"_id": _all_of(user_id) | {"$ne": f"{user_id}:{but}"}}
        found = self._collection.find(of_user, {"created_at": 1})
        newest_first = sorted(found, key=lambda d: d["created_at"], reverse=True)
        ids = [d["_id"] for d in newest_first[keep:]]
        if ids:
            ended = {"$set": {"expires_at": now}}
            self._collection.update_many({"_id": {"$in": ids}}, ended)
        return [each.partition(":")[2] for each in ids]

    @translated()
    def forget(self, user_id: UserId, digests: Sequence[str]) -> None:
        """Delete the given keys of a user, if there are any."""
        if not digests:
            return
        names = [f"{user_id}:{digest}" for digest in digests]
        self._collection.delete_many({"_id": {"$in": names}})


def _all_of(user_id: UserId) -> Document:
    """Match all keys of a user, which are adjacent in the order of `_id`."""
    return {"$gte": f"{user_id}:", "$lt": f"{user_id};"}


def _of_user(key: AccessKey, user: Document) -> AccessKey:
    language, zone = user.get("language", ""), user.get("time_zone", "")
    return replace(key, language=language, time_zone=zone)


def _to_access_key(document: Document) -> AccessKey:
    user_id, digest = document["_id"].split(":")
    return AccessKey(
        user_id=UserId(int(user_id)),
        digest=digest,
        username=document["username"],
        name=document["name"],
        scopes=frozenset(document["scopes"]),
        created_at=document["created_at"],
        expires_at=document.get("expires_at"),
    )
