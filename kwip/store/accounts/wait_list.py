"""The waiting list: addresses of people who would like to join a closed site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING

from kwip.domain.accounts.joining import Waiting
from kwip.store.accounts.users import digest_of
from kwip.store.client import translated
from kwip.store.upgrades import schema_of, upgrade

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from pymongo.client_session import ClientSession

    from kwip.domain.accounts.users import Email
    from kwip.store.client import Document, Store


class WaitListStore:
    """The `wait_list` collection; the `_id` is a digest of the address.

    MongoDB deletes entries when their time is over.
    """

    def __init__(self, store: Store):
        self._store = store
        self._entries = store.database["wait_list"]

    @translated()
    def add(
        self,
        email: Email,
        now: dt.datetime,
        expires_at: dt.datetime,
        language: str = "",
    ) -> None:
        """Store an address that is yet to be confirmed.

        Nothing changes if it is there.
        """
        made = {
            "schema": schema_of("wait_list"),
            "email": email.address,
            "language": language,
            "created_at": now,
            "is_confirmed": False,
            "confirmed_at": None,
            "expires_at": expires_at,
        }
        entry = {"_id": digest_of(email.key)}
        self._entries.update_one(entry, {"$setOnInsert": made}, upsert=True)

    @translated()
    def confirm(self, email: Email, now: dt.datetime, expires_at: dt.datetime) -> bool:
        """Confirm an address; False if it is not on the list."""
        unconfirmed = {"_id": digest_of(email.key), "is_confirmed": False}
        confirmed = {"is_confirmed": True, "confirmed_at": now}
        change = {"$set": {**confirmed, "expires_at": expires_at}}
        if self._entries.update_one(unconfirmed, change).modified_count:
            return True
        return self.has(email)

    @translated()
    def has(self, email: Email) -> bool:
        """Return whether an address is on the list, confirmed or not."""
        entry = {"_id": digest_of(email.key)}
        return self._entries.find_one(entry, {"_id": 1}) is not None

    @translated()
    def remove(self, email: Email) -> None:
        """Delete an address."""
        self._entries.delete_one({"_id": digest_of(email.key)})

    @translated()
    def oldest(self, limit: int) -> list[Waiting]:
        """Return confirmed addresses, those that have waited longest first."""
        confirmed = {"is_confirmed": True}
        found = self._entries.find(confirmed).sort("confirmed_at", ASCENDING)
        return [_to_waiting(document) for document in found.limit(limit)]

    def take(
        self, key: str, also: Callable[[Waiting, ClientSession], None]
    ) -> Waiting | None:
        """Delete a confirmed address and do `also`, in one transaction.

        None if it is gone or not confirmed.
        """

        def work(session: ClientSession) -> Waiting | None:
            confirmed = {"_id": key, "is_confirmed": True}
            found = self._entries.find_one_and_delete(confirmed, session=session)
            if found is None:
                return None
            waiting = _to_waiting(found)
            also(waiting, session)
            return waiting

        return self._store.transact(work)


def _to_waiting(document: Document) -> Waiting:
    d = upgrade("wait_list", document)
    return Waiting(d["_id"], d["email"], d["confirmed_at"], d["language"])
