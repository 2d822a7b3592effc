"""Domains of e-mail addresses, and addresses, with which nobody can sign up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.accounts.users import BlockedDomain
from kwip.store.client import ONE_BATCH, translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection

    from pymongo.client_session import ClientSession

    from kwip.store.client import Store


class EmailDomainStore:
    """The `blocked_email_domains` collection; the `_id` is the domain or address."""

    def __init__(self, store: Store):
        self._store = store
        self._blocked = store.database["blocked_email_domains"]

    def block(
        self, domain: str, now: dt.datetime, also: Callable[[ClientSession], None]
    ) -> bool:
        """Block a domain or an address, and do `also` in the same transaction.

        False if it is blocked already.
        """
        schema = schema_of("blocked_email_domains")
        made = {"$setOnInsert": {"schema": schema, "blocked_at": now}}

        def work(session: ClientSession) -> bool:
            name = {"_id": domain}
            found = self._blocked.update_one(name, made, upsert=True, session=session)
            if not found.matched_count:
                also(session)
            return not found.matched_count

        return self._store.transact(work)

    def unblock(self, domain: str, also: Callable[[ClientSession], None]) -> bool:
        """Allow a domain or an address again, and do `also` in the same transaction.

        False if it is not blocked.
        """

        def work(session: ClientSession) -> bool:
            found = self._blocked.delete_one({"_id": domain}, session=session)
            if found.deleted_count:
                also(session)
            return found.deleted_count == 1

        return self._store.transact(work)

    @translated()
    def find_any(self, names: Collection[str]) -> str | None:
        """Return one of some domains and addresses that is blocked, if any is.

        One query by `_id`.
        """
        found = self._blocked.find_one({"_id": {"$in": list(names)}}, {"_id": 1})
        return None if found is None else str(found["_id"])

    @translated()
    def listed(self) -> list[BlockedDomain]:
        """Return all of them by name."""
        every = {"_id": {"$gte": ""}}  # by the index
        found = self._blocked.find(every, batch_size=ONE_BATCH).sort("_id")
        return [BlockedDomain(each["_id"], each["blocked_at"]) for each in found]
