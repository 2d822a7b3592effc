"""The claim to become the first owner: one document, for the person with the code.

Only the code's digest is stored. The claim is deleted in the transaction that creates
the owner, so it is used only once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.errors import ConflictError
from kwip.domain.messages import lazy_gettext
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt

    from pymongo.client_session import ClientSession

    from kwip.store.client import Store

_SETUP_CLAIM = "setup"


class SetupStore:
    """The setup part of the `claims` collection."""

    def __init__(self, store: Store):
        self._claims = store.database["claims"]
        self._users = store.database["users"]

    @translated()
    def offer(self, digest: str, expires_at: dt.datetime) -> bool:
        """Store the code for the first owner; False if there is an administrator.

        Earlier codes are no longer valid.
        """
        if self.has_admin():
            self._claims.delete_one({"_id": _SETUP_CLAIM})
            return False
        self._claims.replace_one(
            {"_id": _SETUP_CLAIM},
            {
                "schema": schema_of("claims"),
                "user_id": 0,
                "digest": digest,
                "expires_at": expires_at,
            },
            upsert=True,
        )
        return True

    @translated()
    def has_admin(self) -> bool:
        """Return whether the site has an administrator."""
        return self._users.find_one({"is_admin": True}, {"_id": 1}) is not None

    @translated()
    def digest(self, now: dt.datetime) -> str | None:
        """Return the digest of the valid code; None if there is none."""
        claim = {"_id": _SETUP_CLAIM, "expires_at": {"$gt": now}}
        found = self._claims.find_one(claim, {"digest": 1})
        return None if found is None else str(found["digest"])

    def use(self, digest: str, session: ClientSession) -> None:
        """Use up the code, in a transaction.

        Raises:
            ConflictError: It was used up.
        """
        waiting = {"_id": _SETUP_CLAIM, "digest": digest}
        if not self._claims.delete_one(waiting, session=session).deleted_count:
            raise ConflictError(
                lazy_gettext("This site is already set up."), field="setup"
            )
