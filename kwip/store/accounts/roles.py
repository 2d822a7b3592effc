"""Roles and suspensions: a site never loses its last owner who can log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.roles import ADMINISTRATORS, Role
from kwip.domain.errors import ConflictError
from kwip.domain.ids import NOBODY, UserId
from kwip.domain.messages import lazy_gettext
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.store.client import Document, Store

OWNERS_CLAIM = "owners"
#: Documents of schema 8 have no role; their administrators are owners.
_OWNS: Document = {
    "is_admin": True,
    "role": {"$in": [Role.OWNER, None]},
    "is_suspended": {"$ne": True},
}


class RoleStore:
    """Changes of the `users` collection that may leave a site without an owner."""

    def __init__(self, store: Store):
        self._store = store
        self._users = store.database["users"]
        self._claims = store.database["claims"]

    def set_role(self, user_id: UserId, role: Role) -> bool:
        """Set a user's role; False if there is no such user.

        Raises:
            ConflictError: It is the only owner.
        """
        change = {"role": role, "is_admin": role in ADMINISTRATORS}
        return self._change(user_id, change, keeps_owner=role is Role.OWNER)

    def suspend(self, user_id: UserId, also: Callable[[Any], None]) -> bool:
        """Suspend a user; False if there is no such user.

        `also` is called in the same transaction.

        Raises:
            ConflictError: It is the only owner.
        """
        return self._change(user_id, {"is_suspended": True}, also, keeps_owner=False)

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
        also: Callable[[Any], None] = lambda _: None,
        *,
        keeps_owner: bool,
    ) -> bool:
        def work(session: Any) -> bool:
            owns = {**_OWNS, "_id": user_id}
            if not keeps_owner and self._users.find_one(owns, session=session):
                self._claim(session)
                self.require_other_owner(user_id, session)
            also(session)
            result = self._users.update_one(
                {"_id": user_id},
                {"$set": change, "$inc": {"version": 1}},
                session=session,
            )
            return result.matched_count == 1

        return self._store.transact(work)

    def _claim(self, session: Any) -> None:
        """Write a document, so that two owners who demote each other at once conflict.

        One of the two transactions is repeated then, and finds no other owner.
        """
        claim = {"schema": schema_of("claims"), "user_id": NOBODY}
        self._claims.update_one(
            {"_id": OWNERS_CLAIM},
            {"$inc": {"version": 1}, "$setOnInsert": claim},
            upsert=True,
            session=session,
        )
