"""Requests to join that wait for an answer.

An application holds the claims of its name and its address, for nobody: so both are
taken, and the name leads to no user. There is none yet, and so nothing to hide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from kwip.domain.accounts.joining import Application
from kwip.domain.errors import ConflictError
from kwip.domain.ids import NOBODY, UserId
from kwip.store.accounts.users import TAKEN, claims_of
from kwip.store.client import translated
from kwip.store.upgrades import schema_of, upgrade

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from pymongo.client_session import ClientSession

    from kwip.store.client import Store


class ApplicationStore:
    """The `applications` collection."""

    def __init__(self, store: Store):
        self._store = store
        self._applications = store.database["applications"]
        self._claims = store.database["claims"]

    def add(
        self, application: Application, also: Callable[[ClientSession], None]
    ) -> None:
        """Store an application with its claims, and do `also`, in one transaction.

        Raises:
            ConflictError: The name or the address is taken; `context` says which.
        """
        claims = claims_of(application.username, application.email_key)

        def work(session: ClientSession) -> None:
            for claim, field in zip(claims, ("username", "email"), strict=True):
                if self._claims.find_one({"_id": claim}, {"_id": 1}, session=session):
                    raise ConflictError(TAKEN[field], field=field)
            self._claims.insert_many(
                [
                    {"_id": claim, "schema": schema_of("claims"), "user_id": NOBODY}
                    for claim in claims
                ],
                session=session,
            )
            self._applications.insert_one(_to_document(application), session=session)
            also(session)

        try:
            self._store.transact(work)
        except DuplicateKeyError as error:
            field = "email" if claims[1] in str(error) else "username"
            raise ConflictError(TAKEN[field], field=field) from error

    def take(self, user_id: UserId, session: ClientSession) -> bool:
        """Remove an application and its claims, in a transaction; False if it is gone.

        Two transactions that take the same one conflict, so only one gets it.
        """
        found = self._applications.find_one_and_delete(
            {"_id": user_id}, session=session
        )
        if found is None:
            return False
        claims = claims_of(found["username"], found["email_key"])
        held = {"_id": {"$in": list(claims)}, "user_id": NOBODY}
        self._claims.delete_many(held, session=session)
        return True

    def take_and(self, user_id: UserId, also: Callable[[ClientSession], None]) -> bool:
        """Remove an application and do `also`, in one transaction.

        False if it is gone.
        """

        def work(session: ClientSession) -> bool:
            if not self.take(user_id, session):
                return False
            also(session)
            return True

        return self._store.transact(work)

    @translated()
    def find(self, username: str) -> Application | None:
        """Find the application of a username."""
        found = self._applications.find_one({"username": username})
        return None if found is None else _to_application(found)

    @translated()
    def get(self, user_id: UserId) -> Application | None:
        """Find an application by the id of its user."""
        found = self._applications.find_one({"_id": user_id})
        return None if found is None else _to_application(found)

    @translated()
    def count(self, limit: int) -> int:
        """Count those that wait, up to a limit."""
        return self._applications.count_documents({"_id": {"$gt": 0}}, limit=limit)

    @translated()
    def newest_at(self) -> dt.datetime | None:
        """Return when the last of those that wait came; None if nobody waits."""
        found = self._applications.find_one(
            {"_id": {"$gt": 0}}, {"at": 1}, sort=[("_id", DESCENDING)]
        )
        return None if found is None else found["at"]

    @translated()
    def oldest(self, limit: int) -> list[Application]:
        """Return those that have waited longest, the oldest first."""
        found = self._applications.find({"_id": {"$gt": 0}}).sort("_id", ASCENDING)
        return [_to_application(document) for document in found.limit(limit)]


def _to_document(application: Application) -> dict[str, Any]:
    return {
        "_id": application.id,
        "schema": schema_of("applications"),
        "username": application.username,
        "display_name": application.display_name,
        "email": application.email,
        "email_key": application.email_key,
        "password_hash": application.password_hash,
        "reason": application.reason,
        "at": application.at,
        "language": application.language,
    }


def _to_application(document: Any) -> Application:
    document = upgrade("applications", document)
    return Application(
        id=UserId(document["_id"]),
        username=document["username"],
        display_name=document["display_name"],
        email=document["email"],
        email_key=document["email_key"],
        password_hash=document["password_hash"],
        reason=document["reason"],
        at=document["at"],
        language=document["language"],
    )
