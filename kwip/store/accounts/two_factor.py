"""Two-factor authentication, a field of the `credentials` collection."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

from pymongo import ASCENDING

from kwip.domain.accounts.two_factor import (
    App,
    Passkey,
    PendingApp,
    SealedKey,
    TwoFactor,
    WrongCodes,
)
from kwip.domain.errors import NotFoundError
from kwip.domain.ids import UserId
from kwip.domain.messages import lazy_gettext
from kwip.store.client import translated
from kwip.store.upgrades import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.client_session import ClientSession

    from kwip.store.client import Document, Store

_T = TypeVar("_T")


class TwoFactorStore:
    """Read and change the factors of users who have credentials."""

    def __init__(self, store: Store):
        self._store = store
        self._credentials = store.database["credentials"]

    @translated()
    def find(self, user_id: UserId) -> TwoFactor:
        """Return a user's factors; users without credentials have none."""
        found = self._credentials.find_one({"_id": user_id})
        return TwoFactor() if found is None else _to_two_factor(found)

    def change(
        self,
        user_id: UserId,
        decide: Callable[[TwoFactor], tuple[TwoFactor, _T]],
        also: Callable[[ClientSession, _T], None] = lambda *_: None,
    ) -> _T:
        """Change a user's factors in one transaction; return what was decided.

        Args:
            user_id: Whose they are.
            decide: Gets the factors; returns those that come after them, and a result.
                It is called again if somebody else changed them meanwhile.
            also: What is to happen in the same transaction; gets the result.

        Raises:
            NotFoundError: The user has no credentials.
        """

        def work(session: ClientSession) -> _T:
            found = self._credentials.find_one({"_id": user_id}, session=session)
            if found is None:
                raise NotFoundError(
                    lazy_gettext("This account has no password."), user_id=user_id
                )
            before = _to_two_factor(found)
            after, result = decide(before)
            if after != before:
                self._credentials.update_one(
                    {"_id": user_id},
                    {"$set": {"two_factor": _to_document(after)}},
                    session=session,
                )
            also(session, result)
            return result

        return self._store.transact(work)

    @translated()
    def sealed_otherwise(self, key_id: str, after: UserId, limit: int) -> list[UserId]:
        """List users above `after` whose apps' keys another key encrypted, by id."""
        others = {"$gt": "", "$ne": key_id}
        query = {"two_factor.app.key.key_id": others, "_id": {"$gt": after}}
        found = self._credentials.find(query, {"_id": 1}).sort("_id", ASCENDING)
        return [UserId(d["_id"]) for d in found.limit(limit)]


def _to_two_factor(document: Document) -> TwoFactor:
    d = upgrade("credentials", document)["two_factor"]
    if d is None:
        return TwoFactor()
    app, pending = d["app"], d["pending"]
    return TwoFactor(
        mark=d["mark"],
        app=app and App(**{**app, "key": SealedKey(**app["key"])}),
        pending=pending
        and PendingApp(**{**pending, "key": SealedKey(**pending["key"])}),
        recovery=tuple(d["recovery"]),
        passkeys=tuple(Passkey(**each) for each in d["passkeys"]),
        wrong=WrongCodes(**d["wrong"]),
    )


def _to_document(state: TwoFactor) -> Document | None:
    return None if state == TwoFactor() else asdict(state)
