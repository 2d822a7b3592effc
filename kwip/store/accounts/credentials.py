"""Changes of how a user signs in, each in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.client_session import ClientSession

    from kwip.domain.ids import UserId
    from kwip.store.client import Store


class CredentialStore:
    """The `credentials` collection; `UserStore` creates and reads it."""

    def __init__(self, store: Store):
        self._store = store
        self._credentials = store.database["credentials"]

    def set_password(
        self,
        user_id: UserId,
        password_hash: str,
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> bool:
        """Set a user's password; False if the user has no credentials.

        What is to happen `also` is part of the transaction, which its errors end.
        """

        def work(session: ClientSession) -> bool:
            also(session)
            # Not updated: MongoDB logs what slow updates set, but nothing of what is
            # inserted.
            own = {"_id": user_id}
            document = self._credentials.find_one_and_delete(own, session=session)
            if document is None:
                return False
            document["password_hash"] = password_hash
            self._credentials.insert_one(document, session=session)
            return True

        return self._store.transact(work)
