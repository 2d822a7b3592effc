"""Mails that are to be sent, and those that were, while their links work."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from pymongo import ASCENDING, ReturnDocument

from kwip.domain.ids import UserId
from kwip.domain.mail.bounces import BounceKind
from kwip.domain.mail.mails import Mail, MailKind
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pymongo.client_session import ClientSession

    from kwip.store.client import Document, Store

_PENDING, _SENT, _DEAD = "pending", "sent", "dead"
#: Longer than any link works, and than anybody needs to look at a dead letter.
_KEPT = dt.timedelta(days=30)


class StoredMail(NamedTuple):
    """A mail as operators see it: its state, and what went wrong last."""

    id: str
    kind: str
    user_id: int
    attempts: int
    problem: str
    created_at: dt.datetime


class MailStore(DueWork):
    """The `mails` collection.

    One worker at a time has the lease on a mail. It is due again when the lease ends,
    so that another worker sends it if this one has died.
    """

    def __init__(self, store: Store):
        self._mails = store.database["mails"]
        super().__init__(self._mails, {"state": _PENDING})

    @translated()
    def add(
        self, mail: Mail, due_at: dt.datetime, session: ClientSession | None = None
    ) -> None:
        """Store a mail to send, in a transaction if there is one."""
        self._mails.insert_one(_to_document(mail, due_at), session=session)

    @translated()
    def add_handed_over(self, mail: Mail) -> None:
        """Store a mail whose link was given to its user in another way."""
        document = _to_document(mail, mail.created_at) | {"state": _SENT}
        self._mails.insert_one(document)

    @translated()
    def begin(
        self, mail_id: str, worker: str, now: dt.datetime, until: dt.datetime
    ) -> Mail | None:
        """Take the lease on a mail; None if it is sent, gone, or another worker's."""
        found = self._mails.find_one_and_update(
            {"_id": mail_id, "state": _PENDING, "leased_until": {"$lte": now}},
            {
                "$set": {"leased_until": until, "due_at": until, "worker": worker},
                "$inc": {"attempts": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _to_mail(found)

    @translated()
    def address_to(
        self, mail_id: str, worker: str, user_id: UserId, address: str
    ) -> bool:
        """Note whose mail it is; False if the lease is lost."""
        return self._change(mail_id, worker, {"user_id": user_id, "address": address})

    @translated()
    def sent(self, mail_id: str, worker: str) -> bool:
        """Note that a mail was sent; False if the lease was lost meanwhile."""
        return self._change(mail_id, worker, {"state": _SENT, "problem": ""})

    @translated()
    def failed(
        self, mail_id: str, worker: str, due: dt.datetime | None, problem: str
    ) -> bool:
        """Postpone a mail; without a time it is a dead letter."""
        state = _PENDING if due else _DEAD
        values: Document = {"state": state, "problem": problem, "due_at": due}
        if due:
            values["leased_until"] = due
        return self._change(mail_id, worker, values)

    @translated()
    def drop(self, mail_id: str) -> None:
        """Delete a mail that nobody is to get."""
        self._mails.delete_one({"_id": mail_id})

    @translated()
    def find(self, mail_id: str) -> Mail | None:
        """Find a mail whose link was not used yet."""
        found = self._mails.find_one({"_id": mail_id, "is_used": False})
        return None if found is None else _to_mail(found)

    @translated()
    def bounced(self, mail_id: str, kind: BounceKind) -> Mail | None:
        """Note that a mail came back; None if it is gone, or that was noted before."""
        found = self._mails.find_one_and_update(
            {"_id": mail_id, "bounce": {"$exists": False}},
            {"$set": {"bounce": kind.value}},
        )
        return None if found is None else _to_mail(found)

    @translated()
    def soft_count(self, user_id: UserId, address: str, since: dt.datetime) -> int:
        """Count the mails to an address of a user that came back for the time being."""
        return self._mails.count_documents(
            {
                "user_id": user_id,
                "address": address,
                "bounce": BounceKind.SOFT.value,
                "created_at": {"$gte": since},
            }
        )

    @translated()
    def use(self, mail: Mail, session: ClientSession | None = None) -> bool:
        """Use up the link of a mail and others of its kind; False if it was used.

        Of addresses that were changed only the later ones: whoever changes one twice
        must not end the link of the first change.
        """
        own = {"_id": mail.id, "is_used": False}
        used = {"$set": {"is_used": True}}
        if not self._mails.update_one(own, used, session=session).modified_count:
            return False
        others: Document = {"user_id": mail.user_id, "kind": mail.kind.value}
        if mail.kind is MailKind.EMAIL_CHANGED:
            others["created_at"] = {"$gte": mail.created_at}
        self._mails.update_many(others, used, session=session)
        return True

    @translated()
    def use_up(
        self, user_id: UserId, kinds: Sequence[MailKind], session: ClientSession
    ) -> None:
        """Use up all links of some kinds that a user was sent, in a transaction."""
        links = {"user_id": user_id, "kind": {"$in": [kind.value for kind in kinds]}}
        self._mails.update_many(links, {"$set": {"is_used": True}}, session=session)

    @translated()
    def listed(self, *, is_dead: bool, limit: int) -> list[StoredMail]:
        """List some that wait, or the dead letters, the oldest first."""
        state = _DEAD if is_dead else _PENDING
        found = self._mails.find({"state": state}).sort("created_at", ASCENDING)
        return [
            StoredMail(
                *(d["_id"], d["kind"], d["user_id"], d["attempts"], d["problem"]),
                d["created_at"],
            )
            for d in found.limit(limit)
        ]

    @translated()
    def waiting_count(self) -> int:
        """Count the mails that are not sent yet."""
        return self._mails.count_documents({"state": _PENDING})

    @translated()
    def dead_count(self) -> int:
        """Count the dead letters."""
        return self._mails.count_documents({"state": _DEAD})

    @translated()
    def retry(self, now: dt.datetime) -> int:
        """Let all dead letters be due; count them."""
        fresh = {"state": _PENDING, "attempts": 0, "due_at": now, "leased_until": now}
        return self._mails.update_many({"state": _DEAD}, {"$set": fresh}).modified_count

    def _change(self, mail_id: str, worker: str, values: Mapping[str, object]) -> bool:
        leased = {"_id": mail_id, "state": _PENDING, "worker": worker}
        return self._mails.update_one(leased, {"$set": values}).matched_count == 1


def _to_document(mail: Mail, due_at: dt.datetime) -> Document:
    return {
        "_id": mail.id,
        "schema": schema_of("mails"),
        "kind": mail.kind.value,
        "user_id": mail.user_id,
        "address": mail.address,
        "details": dict(mail.details),
        "message_id": mail.message_id,
        "is_used": False,
        "state": _PENDING,
        "attempts": 0,
        "problem": "",
        "worker": None,
        "leased_until": due_at,
        "created_at": mail.created_at,
        "due_at": due_at,
        "expires_at": mail.created_at + _KEPT,
    }


def _to_mail(document: Document) -> Mail:
    return Mail(
        id=document["_id"],
        kind=MailKind(document["kind"]),
        user_id=UserId(document["user_id"]),
        address=document["address"],
        message_id=document["message_id"],
        created_at=document["created_at"],
        details=document["details"],
        attempts=document["attempts"],
    )
