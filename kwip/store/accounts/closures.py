"""Closed accounts, until their owners come back or they are deleted."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument

from kwip.domain.accounts.closures import REMINDER, Closure
from kwip.domain.errors import ConflictError
from kwip.domain.ids import UserId
from kwip.domain.messages import lazy_gettext
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from kwip.store.client import Document, Store

_WAITING = {"is_being_deleted": False}


class ClosureStore(DueWork):
    """The `closures` collection, and the flag of the users in it.

    A closed account is suspended. Each change of both is one transaction, so staff who
    suspend it, its owner who comes back and the sweeper that deletes it agree.
    """

    def __init__(self, store: Store):
        self._store = store
        self._closures = store.database["closures"]
        self._users = store.database["users"]
        super().__init__(self._closures, {})

    @translated()
    def find(self, user_id: UserId) -> Closure | None:
        """Find the closure of an account."""
        found = self._closures.find_one({"_id": user_id})
        return None if found is None else _to_closure(found)

    def locks_out(self, user_id: UserId, *, is_suspended: bool) -> bool:
        """Return whether an account is suspended, and its owner can't reopen it."""
        return is_suspended and self.find(user_id) is None

    @translated()
    def add(self, closure: Closure, session: Any) -> None:
        """Close an account, in the transaction that suspends it.

        Raises:
            ConflictError: It is suspended or closed already.
        """
        hidden = {"_id": closure.user_id, "is_suspended": True}
        if self._users.find_one(hidden, {"_id": 1}, session=session):
            raise ConflictError(lazy_gettext("This account is suspended."))
        document: Document = {
            "_id": closure.user_id,
            "schema": schema_of("closures"),
            **asdict(closure),
            "due_at": closure.delete_at - REMINDER,
        }
        del document["user_id"]
        self._closures.insert_one(document, session=session)

    def take_back(self, user_id: UserId, also: Callable[[Any], None]) -> Closure | None:
        """End a closure and show the account, unless staff has suspended it.

        `also` is called in the same transaction. None if it is not closed, or is being
        deleted.
        """

        def work(session: Any) -> Closure | None:
            found = self._closures.find_one_and_delete(
                {"_id": user_id, **_WAITING}, session=session
            )
            if found is None:
                return None
            closure = _to_closure(found)
            if not closure.is_suspended_too:
                self._show(user_id, session)
            also(session)
            return closure

        return self._store.transact(work)

    @translated()
    def note_suspension(self, user_id: UserId, session: Any) -> bool:
        """Note that staff suspends the account as well, in that transaction.

        False if it is not closed, or that was noted.
        """
        found = self._closures.update_one(
            {"_id": user_id, "is_suspended_too": False},
            {"$set": {"is_suspended_too": True}},
            session=session,
        )
        return found.matched_count == 1

    def unsuspend(self, user_id: UserId, also: Callable[[Any], None]) -> bool:
        """End a suspension by staff; a closed account stays hidden.

        `also` is called in the same transaction. False if there was none.
        """

        def work(session: Any) -> bool:
            closed = self._closures.find_one_and_update(
                {"_id": user_id},
                {"$set": {"is_suspended_too": False}},
                session=session,
            )
            if closed is None:
                is_ended = self._show(user_id, session)
            else:
                is_ended = closed["is_suspended_too"]
            if is_ended:
                also(session)
            return is_ended

        return self._store.transact(work)

    def _show(self, user_id: UserId, session: Any) -> bool:
        change = {"$set": {"is_suspended": False}, "$inc": {"version": 1}}
        hidden = {"_id": user_id, "is_suspended": True}
        found = self._users.update_one(hidden, change, session=session)
        return found.matched_count == 1

    def remind(
        self, closure: Closure, now: dt.datetime, also: Callable[[Any], None]
    ) -> bool:
        """Note that the owner is reminded; False if that is not due, or was noted.

        `also` is called in the same transaction.
        """

        def work(session: Any) -> bool:
            due = {"delete_at": {"$lte": now + REMINDER}, "is_reminded": False}
            found = self._closures.update_one(
                {"_id": closure.user_id, **_WAITING, **due},
                {"$set": {"is_reminded": True, "due_at": closure.delete_at}},
                session=session,
            )
            if found.matched_count:
                also(session)
            return found.matched_count == 1

        return self._store.transact(work)

    @translated()
    def begin_deletion(
        self, user_id: UserId, now: dt.datetime, until: dt.datetime
    ) -> bool:
        """Decide to delete an account, or go on; False if that is not due.

        It is due again at `until`, for another worker if this one dies.
        """
        over = {**_WAITING, "delete_at": {"$lte": now}}
        cut_off = {"is_being_deleted": True, "leased_until": {"$lte": now}}
        values = {"is_being_deleted": True, "leased_until": until, "due_at": until}
        found = self._closures.find_one_and_update(
            {"_id": user_id, "$or": [over, cut_off]},
            {"$set": values},
            return_document=ReturnDocument.AFTER,
        )
        return found is not None

    @translated()
    def remove(self, user_id: UserId) -> None:
        """Forget the closure of an account that is deleted."""
        self._closures.delete_one({"_id": user_id})


def remind_again(closures: Any, now: dt.datetime) -> None:
    """Remind the owners of accounts that would be deleted soon, and let them wait."""
    least = now + REMINDER
    closures.update_many(
        {**_WAITING, "delete_at": {"$lt": least}},
        {"$set": {"delete_at": least, "due_at": now, "is_reminded": False}},
    )


def _to_closure(document: Document) -> Closure:
    names = [each.name for each in fields(Closure) if each.name != "user_id"]
    kept = {name: document[name] for name in names}
    return Closure(user_id=UserId(document["_id"]), **kept)
