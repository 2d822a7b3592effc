"""Invitations, and who came by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import DESCENDING

from kwip.domain.accounts.joining import Invitation, Invited
from kwip.domain.ids import UserId
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from pymongo.client_session import ClientSession

    from kwip.store.client import Document, Store


class InvitationStore:
    """The `invitations` and `invited` collections.

    An invitation is used in the transaction of the sign-up, and two such transactions
    conflict in its document. So it is never used more often than it may be.
    """

    def __init__(self, store: Store):
        self._store = store
        self._invitations = store.database["invitations"]
        self._invited = store.database["invited"]

    @translated()
    def add(self, invitation: Invitation, session: ClientSession | None = None) -> None:
        """Store an invitation, in a transaction if there is one."""
        document = {
            "_id": invitation.code,
            "schema": schema_of("invitations"),
            "creator_id": invitation.creator_id,
            "is_staff": invitation.is_staff,
            "created_at": invitation.created_at,
            "works_until": invitation.works_until,
            "max_uses": invitation.max_uses,
            "uses_count": invitation.uses_count,
            "gone_count": invitation.gone_count,
            "ended_at": invitation.ended_at,
        }
        self._invitations.insert_one(document, session=session)

    def add_and(
        self, invitation: Invitation, also: Callable[[ClientSession], None]
    ) -> None:
        """Store an invitation and do `also`, in one transaction."""

        def work(session: ClientSession) -> None:
            self.add(invitation, session)
            also(session)

        self._store.transact(work)

    @translated()
    def find(self, code: str) -> Invitation | None:
        """Find an invitation by its code."""
        found = self._invitations.find_one({"_id": code})
        return None if found is None else _to_invitation(found)

    def use(
        self, code: str, user_id: UserId, now: dt.datetime, session: ClientSession
    ) -> bool:
        """Count a use of an invitation, in a transaction; False if it does not work."""
        found = self._invitations.find_one_and_update(
            {
                "_id": code,
                "ended_at": None,
                "$or": [{"works_until": None}, {"works_until": {"$gt": now}}],
                "$expr": {
                    "$or": [
                        {"$eq": ["$max_uses", None]},
                        {"$lt": ["$uses_count", "$max_uses"]},
                    ]
                },
            },
            {"$inc": {"uses_count": 1}},
            session=session,
        )
        if found is None:
            return False
        self._invited.insert_one(
            {
                "_id": user_id,
                "schema": schema_of("invited"),
                "code": code,
                "inviter_id": found["creator_id"],
                "at": now,
            },
            session=session,
        )
        return True

    def end(
        self,
        code: str,
        now: dt.datetime,
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> bool:
        """End an invitation and do `also`, in one transaction.

        False if it has ended already, or does not exist.
        """

        def work(session: ClientSession) -> bool:
            running = {"_id": code, "ended_at": None}
            change = {"$set": {"ended_at": now}}
            changed = self._invitations.update_one(running, change, session=session)
            if changed.modified_count:
                also(session)
            return changed.modified_count == 1

        return self._store.transact(work)

    @translated()
    def remove(self, code: str) -> None:
        """Forget an invitation that nobody has seen."""
        self._invitations.delete_one({"_id": code, "uses_count": 0})

    @translated()
    def of_creator(self, creator_id: UserId, limit: int) -> list[Invitation]:
        """Return a user's invitations, the newest first."""
        return self._newest({"creator_id": creator_id}, limit)

    @translated()
    def newest(self, limit: int) -> list[Invitation]:
        """Return everybody's invitations, the newest first."""
        return self._newest({}, limit)

    @translated()
    def invited_by(self, codes: Sequence[str]) -> list[Invited]:
        """Return who came by some invitations, in the order in which they came."""
        found = self._invited.find({"code": {"$in": list(codes)}}).sort("_id")
        return [_to_invited(document) for document in found]

    @translated()
    def of_user(self, user_id: UserId) -> Invited | None:
        """Return by which invitation somebody came; None if by none."""
        found = self._invited.find_one({"_id": user_id})
        return None if found is None else _to_invited(found)

    def _newest(self, query: Document, limit: int) -> list[Invitation]:
        found = self._invitations.find(query).sort("created_at", DESCENDING)
        return [_to_invitation(document) for document in found.limit(limit)]


def _to_invited(d: Any) -> Invited:
    return Invited(UserId(d["_id"]), d["code"], UserId(d["inviter_id"]), d["at"])


def _to_invitation(document: Any) -> Invitation:
    return Invitation(
        code=document["_id"],
        creator_id=UserId(document["creator_id"]),
        is_staff=document["is_staff"],
        created_at=document["created_at"],
        works_until=document["works_until"],
        max_uses=document["max_uses"],
        uses_count=document["uses_count"],
        gone_count=document["gone_count"],
        ended_at=document["ended_at"],
    )
