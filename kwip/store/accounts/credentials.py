"""Changes of how a user signs in, each in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pymongo.errors import DuplicateKeyError

from kwip.domain.errors import ConflictError, NotFoundError
from kwip.domain.ids import NOBODY
from kwip.domain.messages import lazy_gettext
from kwip.store.accounts.users import address_claim
from kwip.store.client import translated
from kwip.store.upgrades import schema_of, upgrade

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from pymongo.client_session import ClientSession

    from kwip.domain.accounts.users import Email
    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store


class Mailbox(NamedTuple):
    """An address of a user; `problem` is what its server said if it refused mail."""

    email: str
    key: str
    confirmed_at: dt.datetime | None
    problem: str


_TAKEN = lazy_gettext("This email address is taken.")


class CredentialStore:
    """The `credentials` collection; `UserStore` creates and reads it."""

    def __init__(self, store: Store):
        self._store = store
        self._credentials = store.database["credentials"]
        self._claims = store.database["claims"]

    @translated()
    def mailbox(self, user_id: UserId) -> Mailbox | None:
        """Find the address of a user; None if there is none."""
        found = self._credentials.find_one({"_id": user_id})
        if found is None:
            return None
        d = upgrade("credentials", found)
        return Mailbox(
            *(d["email"], d["email_key"], d["email_confirmed_at"], d["mail_problem"])
        )

    @translated()
    def arrive(self, user_id: UserId) -> None:
        """Note that somebody who was awaited has signed in."""
        self._credentials.update_one({"_id": user_id}, {"$unset": {"is_awaited": ""}})

    def confirm(
        self,
        user_id: UserId,
        now: dt.datetime,
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> bool:
        """Note that a user's address is theirs; False if there is none.

        `also` is called in the same transaction.
        """
        confirmed = {"$set": {"email_confirmed_at": now, "mail_problem": ""}}

        def work(session: ClientSession) -> bool:
            own = {"_id": user_id}
            found = self._credentials.update_one(own, confirmed, session=session)
            if found.matched_count:
                also(session)
            return found.matched_count > 0

        return self._store.transact(work)

    @translated()
    def note_problem(self, user_id: UserId, email: str, problem: str) -> None:
        """Note why an address gets no mail, "" if it does again."""
        self._credentials.update_one(
            {"_id": user_id, "email": email}, {"$set": {"mail_problem": problem}}
        )

    def set_email(
        self,
        user_id: UserId,
        email: Email,
        now: dt.datetime,
        also: Callable[[ClientSession], None],
        held_until: dt.datetime | None = None,
    ) -> None:
        """Give a user a confirmed address, the same or another one.

        `also` is called in the same transaction; its errors abort that. Nobody else
        gets the old address until `held_until`, if it is given.

        Raises:
            ConflictError: Somebody else has it.
            NotFoundError: The user has no credentials.
        """

        def work(session: ClientSession) -> None:
            also(session)
            found = self._credentials.find_one({"_id": user_id}, session=session)
            if found is None:
                raise NotFoundError(
                    lazy_gettext("Your account no longer exists."), user_id=user_id
                )
            d = upgrade("credentials", found)
            if d["email_key"] != email.key:
                self._release(user_id, d["email_key"], held_until, session)
                self._take(user_id, email, session)
            d |= {"email": email.address, "email_key": email.key}
            d |= {"email_confirmed_at": now, "mail_problem": ""}
            changes = {k: v for k, v in d.items() if k not in {"_id", "password_hash"}}
            self._credentials.update_one(
                {"_id": user_id}, {"$set": changes}, session=session
            )

        try:
            self._store.transact(work)
        except DuplicateKeyError as error:
            raise ConflictError(_TAKEN, field="email") from error

    def _release(
        self,
        user_id: UserId,
        old_key: str,
        held_until: dt.datetime | None,
        session: ClientSession,
    ) -> None:
        """Give the claim of an address up, or hold it for its user for a while."""
        old = {"_id": address_claim(old_key), "user_id": user_id}
        if held_until is None:
            self._claims.delete_one(old, session=session)
            return
        held = {"user_id": NOBODY, "held_for": user_id, "expires_at": held_until}
        self._claims.update_one(old, {"$set": held}, session=session)

    def _take(self, user_id: UserId, email: Email, session: ClientSession) -> None:
        """Claim an address; accounts of schema 1 have folded ones."""
        wanted = [address_claim(key) for key in (email.key, email.folded)]
        others = {
            "_id": {"$in": wanted},
            "user_id": {"$ne": user_id},
            "held_for": {"$ne": user_id},
        }
        if self._claims.find_one(others, session=session) is not None:
            raise ConflictError(_TAKEN, field="email")
        claim: Document = {"_id": wanted[0], "user_id": user_id}
        claim["schema"] = schema_of("claims")
        own = {"_id": wanted[0]}
        self._claims.replace_one(own, claim, upsert=True, session=session)

    def set_password(
        self,
        user_id: UserId,
        password_hash: str,
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> bool:
        """Set a user's password; False if the user has no credentials.

        `also` is called in the same transaction; its errors abort that.
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
