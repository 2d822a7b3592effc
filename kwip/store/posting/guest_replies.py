"""Replies of people without an account, until they are declined or their post goes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from pymongo import ASCENDING

from kwip.domain.ids import PostId, UserId
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState
from kwip.store.client import translated
from kwip.store.timelines.notifications import write
from kwip.store.turns import take_turn
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from pymongo.client_session import ClientSession

    from kwip.domain.timelines.notifications import Notification
    from kwip.store.client import Document, Store

_UNCONFIRMED = GuestReplyState.UNCONFIRMED.value
_WAITING, _SHOWN = GuestReplyState.WAITING.value, GuestReplyState.SHOWN.value
#: Those who are counted take turns: few documents, and few who wait for each other.
GUESTS_CLAIM, _TURNS = "guests", 16
_UNDECIDED = {"$in": [_UNCONFIRMED, _WAITING]}


class GuestReplyStore:
    """The `guest_replies` collection.

    MongoDB deletes those that nobody confirms, or decides about, in time.
    """

    def __init__(self, store: Store):
        self._store = store
        self._replies = store.database["guest_replies"]
        self._notifications = store.database["notifications"]

    def add(
        self,
        reply: GuestReply,
        expires_at: dt.datetime,
        also: Callable[[ClientSession], None],
        most: int,
    ) -> bool:
        """Store a reply that is yet to be confirmed, and do `also`.

        False if `most` of its sender are unconfirmed or wait already.
        """
        document = {
            "_id": reply.id,
            "schema": schema_of("guest_replies"),
            "post_id": reply.post_id,
            "author_id": reply.author_id,
            "name": reply.name,
            "text": reply.text,
            "sender": reply.sender,
            "created_at": reply.created_at,
            "state": reply.state.value,
            "expires_at": expires_at,
        }

        def work(session: ClientSession) -> bool:
            self._take_turn(crc32(reply.sender.encode()), session)
            undecided = {"sender": reply.sender, "state": _UNDECIDED}
            if self._replies.count_documents(undecided, session=session) >= most:
                return False
            self._replies.insert_one(document, session=session)
            also(session)
            return True

        return self._store.transact(work)

    def confirm(
        self,
        reply: GuestReply,
        expires_at: dt.datetime,
        notification: Notification,
        most: int,
    ) -> bool:
        """Let a reply wait for the author, who is notified.

        Nothing changes if it was confirmed before. False if `most` replies to its post
        wait already.
        """

        def work(session: ClientSession) -> bool:
            self._take_turn(reply.post_id, session)
            own = {"_id": reply.id, "state": _UNCONFIRMED}
            if self._replies.find_one(own, {"_id": 1}, session=session) is None:
                return True
            if self.waiting_for(reply.post_id, session) >= most:
                return False
            change = {"$set": {"state": _WAITING, "expires_at": expires_at}}
            self._replies.update_one(own, change, session=session)
            write(self._notifications, notification, session)
            return True

        return self._store.transact(work)

    def _take_turn(self, number: int, session: ClientSession) -> None:
        take_turn(self._store, f"{GUESTS_CLAIM}:{number % _TURNS}", session)

    @translated()
    def approve(self, author_id: UserId, reply_id: int) -> PostId | None:
        """Show a reply that waits, and forget its sender; None if there is none.

        Again for one that is shown. Returns the post that it is to.
        """
        confirmed = {"$in": [_WAITING, _SHOWN]}
        own = {"_id": reply_id, "author_id": author_id, "state": confirmed}
        shown = {"state": _SHOWN, "sender": "", "expires_at": None}
        return _post_of(self._replies.find_one_and_update(own, {"$set": shown}))

    def remove(
        self,
        author_id: UserId,
        reply_id: int,
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> PostId | None:
        """Delete a reply and do `also`, in one transaction.

        Returns the post that it was to; None if there is none.
        """

        def work(session: ClientSession) -> PostId | None:
            own = {"_id": reply_id, "author_id": author_id}
            found = self._replies.find_one_and_delete(own, session=session)
            if found is not None:
                also(session)
            return _post_of(found)

        return self._store.transact(work)

    @translated()
    def forget_post(self, post_id: PostId) -> None:
        """Delete the replies to a post that is deleted."""
        self._replies.delete_many({"post_id": post_id})

    @translated()
    def find(self, reply_id: int) -> GuestReply | None:
        """Return a reply."""
        found = self._replies.find_one({"_id": reply_id})
        return None if found is None else _to_reply(found)

    @translated()
    def shown(self, post_id: PostId, limit: int, after: int = 0) -> list[GuestReply]:
        """Return the replies to a post that its author has agreed to, oldest first."""
        shown = {"post_id": post_id, "state": _SHOWN, "_id": {"$gt": after}}
        return self._listed(shown, limit)

    @translated()
    def by(self, author_id: UserId, above: int, limit: int) -> list[GuestReply]:
        """Return the replies that an author shows above an id, oldest first."""
        shown = {"author_id": author_id, "state": _SHOWN, "_id": {"$gt": above}}
        return self._listed(shown, limit)

    @translated()
    def waiting(self, author_id: UserId, limit: int) -> list[GuestReply]:
        """Return the replies about which an author is to decide, oldest first."""
        return self._listed({"author_id": author_id, "state": _WAITING}, limit)

    @translated()
    def waiting_for(self, post_id: PostId, session: ClientSession | None = None) -> int:
        """Count the replies to a post about which its author is to decide."""
        waiting = {"post_id": post_id, "state": _WAITING}
        return self._replies.count_documents(waiting, session=session)

    def _listed(self, query: Document, limit: int) -> list[GuestReply]:
        found = self._replies.find(query).sort("_id", ASCENDING).limit(limit)
        return [_to_reply(d) for d in found]


def _post_of(found: Document | None) -> PostId | None:
    return None if found is None else PostId(found["post_id"])


def _to_reply(d: Document) -> GuestReply:
    return GuestReply(
        id=d["_id"],
        post_id=PostId(d["post_id"]),
        author_id=UserId(d["author_id"]),
        name=d["name"],
        text=d["text"],
        sender=d["sender"],
        created_at=d["created_at"],
        state=GuestReplyState(d["state"]),
    )
