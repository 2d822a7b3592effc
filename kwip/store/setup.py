"""The claim on being the first administrator: one document, for whoever has the code.

Only the code's digest is stored. `UserStore.create` takes the claim away in the same
transaction that makes the administrator, so it is used once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ReturnDocument

from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt

    from kwip.store.client import Store

SETUP_CLAIM = "setup"


class SetupStore:
    """The setup's part of the `claims` collection."""

    def __init__(self, store: Store):
        self._claims = store.database["claims"]
        self._users = store.database["users"]

    @translated()
    def offer(self, digest: str, tries: int, expires_at: dt.datetime) -> bool:
        """Let a code make the first administrator; False if there is one.

        A code that was offered before is good for nothing any more.
        """
        if self.has_admin():
            self._claims.delete_one({"_id": SETUP_CLAIM})
            return False
        self._claims.replace_one(
            {"_id": SETUP_CLAIM},
            {
                "schema": schema_of("claims"),
                "user_id": 0,
                "digest": digest,
                "tries_left": tries,
                "expires_at": expires_at,
            },
            upsert=True,
        )
        return True

    @translated()
    def has_admin(self) -> bool:
        """Tell whether the site has an administrator."""
        return self._users.find_one({"is_admin": True}, {"_id": 1}) is not None

    @translated()
    def is_offered(self, now: dt.datetime) -> bool:
        """Tell whether there is a code that can still be tried."""
        claim = {"_id": SETUP_CLAIM, "expires_at": {"$gt": now}}
        found = self._claims.find_one(claim, {"tries_left": 1})
        return found is not None and found["tries_left"] > 0

    @translated()
    def take_try(self, now: dt.datetime) -> str | None:
        """Use up one try, and give the digest of the code; None if none is left."""
        found = self._claims.find_one_and_update(
            {
                "_id": SETUP_CLAIM,
                "expires_at": {"$gt": now},
                "tries_left": {"$gt": 0},
            },
            {"$inc": {"tries_left": -1}},
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else str(found["digest"])

    @translated()
    def give_back(self, digest: str) -> None:
        """Give back the try of a code that was right."""
        self._claims.update_one(
            {"_id": SETUP_CLAIM, "digest": digest}, {"$inc": {"tries_left": 1}}
        )
