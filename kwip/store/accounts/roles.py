"""Roles, suspensions and silences.

A site never loses its last owner who can log in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.roles import ADMINISTRATORS, Role
from kwip.domain.errors import ConflictError
from kwip.domain.messages import lazy_gettext
from kwip.store.client import translated
from kwip.store.turns import take_turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store

OWNERS_CLAIM = "owners"
#: Documents of schema 8 have no role; their administrators are owners.
_OWNS: Document = {
    "is_admin": True,
    "role": {"$in": [Role.OWNER, None]},
    "is_suspended": {"$ne": True},
}


class RoleStore:
    """Changes of the `users` collection by staff, or by owners who close an account.

    `also` is called in the same transaction, and only if something changes.
    """

    def __init__(self, store: Store):
        self._store = store
        self._users = store.database["users"]

    def set_role(
        self, user_id: UserId, role: Role, also: Callable[[Any], None]
    ) -> bool:
        """Set a user's role; False if that changes nothing.

        Raises:
            ConflictError: It is the only owner.
        """
        change = {"role": role, "is_admin": role in ADMINISTRATORS}
        return self._change(user_id, change, also, keeps_owner=role is Role.OWNER)

    def silence(
        self, user_id: UserId, also: Callable[[Any], None], *, is_set: bool
    ) -> bool:
        """Silence a user, or end that; False if that changes nothing."""
        return self._change(user_id, {"is_silenced": is_set}, also, keeps_owner=True)

    def suspend(
        self,
        user_id: UserId,
        also: Callable[[Any], None],
        note: Callable[[Any], bool] = lambda _: False,
    ) -> bool:
        """Suspend a user; False if that changes nothing.

        `note` is called first in the transaction, and says whether it changed
        something else that is part of the suspension.

        Raises:
            ConflictError: It is the only owner.
        """
        change = {"is_suspended": True}
        return self._change(user_id, change, also, note, keeps_owner=False)

    @translated()
    def require_other_owner(self, user_id: UserId, session: Any = None) -> None:
        """Check that a site keeps an owner without this user.

        Raises:
            ConflictError: It is the only owner.
        """
        two = self._users.find(_OWNS, {"_id": 1}, session=session).limit(2)
        if [owner["_id"] for owner in two] == [user_id]:
            raise ConflictError(
                lazy_gettext(
                    "This is the only owner. Make somebody else an owner first."
                ),
                user_id=user_id,
            )

    def _change(
        self,
        user_id: UserId,
        change: Document,
        also: Callable[[Any], None],
        note: Callable[[Any], bool] = lambda _: False,
        *,
        keeps_owner: bool,
    ) -> bool:
        def work(session: Any) -> bool:
            owns = {**_OWNS, "_id": user_id}
            if not keeps_owner and self._users.find_one(owns, session=session):
                # One of two owners who demote each other at once waits for the other,
                # and finds no other owner then.
                take_turn(self._store, OWNERS_CLAIM, session)
                self.require_other_owner(user_id, session)
            is_noted = note(session)
            others = [{name: {"$ne": value}} for name, value in change.items()]
            result = self._users.update_one(
                {"_id": user_id, "$or": others},
                {"$set": change, "$inc": {"version": 1}},
                session=session,
            )
            is_changed = is_noted or result.matched_count == 1
            if is_changed:
                also(session)
            return is_changed

        return self._store.transact(work)
