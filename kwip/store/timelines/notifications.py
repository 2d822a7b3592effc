"""Notifications: one document for each, with one recipient."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING

from kwip.domain.clock import at
from kwip.domain.ids import MAX_ID, PostId, UserId, ms_of
from kwip.domain.timelines.notifications import (
    EVERY_KIND,
    MAX_UNREAD,
    NotificationKind,
    NotificationRow,
    Selection,
    Unread,
    addressed,
    is_for_conversation,
)
from kwip.store.bulk import insert_new
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.notifications import Notification
    from kwip.store.client import Document, Store

#: Notifications are deleted this long after the event.
LIFETIME = dt.timedelta(days=180)
#: When a post is deleted, up to this many notifications each of favourites, reposts and
#: new posts are deleted at once; the rest are hidden when read.
MAX_FORGOTTEN = 1_000


class NotificationStore:
    """The `notifications` collection."""

    def __init__(self, store: Store):
        self._notifications = store.database["notifications"]
        self._users = store.database["users"]
        self._followed = store.database["followed_conversations"]

    @translated()
    def add_many(self, notifications: Sequence[Notification]) -> None:
        """Write notifications; existing ones stay unchanged."""
        insert_new(self._notifications, [_to_document(n) for n in notifications])

    @translated()
    def add(self, notification: Notification, session: Any) -> None:
        """Write a notification in the transaction of what it is about."""
        write(self._notifications, notification, session)

    @translated()
    def page(
        self,
        user_id: UserId,
        wanted: Selection,
        *,
        below: int,
        above: int,
        limit: int,
    ) -> list[NotificationRow]:
        """Read a recipient's notifications between two seqs, newest first.

        Oldest first if only `above` is a bound. With a choice of kinds, each kind is
        read by its own range of the index, so that the other kinds cost nothing.
        """
        order = ASCENDING if above > 0 and below == MAX_ID else DESCENDING
        found = self._notifications.find(
            {
                "recipient_id": user_id,
                "seq": {"$gt": above, "$lt": below},
                **_matching(wanted),
            }
        )
        rows = [_to_row(d) for d in found.sort("seq", order).limit(limit)]
        return rows if order == DESCENDING else rows[::-1]

    @translated()
    def unread(self, user_ids: Sequence[UserId]) -> dict[UserId, Unread]:
        """Read who did what above the read markers of some users; one command.

        MongoDB joins the marker and what the user hides: every page asks for this, and
        its query budget is small. Who hides some kinds costs a query more.
        """
        found = self._users.aggregate(
            [
                {"$match": {"_id": {"$in": list(user_ids)}}},
                {"$project": {"_id": 1}},
                {
                    "$lookup": {
                        "from": "markers",
                        "localField": "_id",
                        "foreignField": "_id",
                        "as": "marker",
                    }
                },
                {
                    "$lookup": {
                        "from": "mail_preferences",
                        "localField": "_id",
                        "foreignField": "_id",
                        "pipeline": [{"$project": {"hidden_kinds": 1}}],
                        "as": "chosen",
                    }
                },
                {"$set": {"last": {"$ifNull": [{"$first": _LAST_READ}, 0]}}},
                {
                    "$lookup": {
                        "from": "notifications",
                        "let": {"user": "$_id", "last": "$last"},
                        "pipeline": _ABOVE,
                        "as": "rows",
                    }
                },
                {"$project": {"last": 1, "rows.actor_id": 1, "chosen": 1}},
            ]
        )
        return {UserId(d["_id"]): self._unread(d) for d in found}

    def _unread(self, d: Document) -> Unread:
        chosen: Document = next(iter(d["chosen"]), {})
        hidden = frozenset(map(NotificationKind, chosen.get("hidden_kinds", ())))
        rows = d["rows"]
        if hidden and rows:  # the index that counts does not know the kinds
            shown = _matching(Selection(EVERY_KIND - hidden))
            above = {"recipient_id": d["_id"], "seq": {"$gt": d["last"]}, **shown}
            found = self._notifications.find(above, {"_id": 0, "actor_id": 1})
            rows = found.sort("seq", DESCENDING).limit(MAX_UNREAD)
        actors = tuple(UserId(row["actor_id"]) for row in rows)
        return Unread(d["last"], actors, hidden)

    @translated()
    def dismiss(self, user_id: UserId, seq: int) -> bool:
        """Delete one notification of a recipient; False if it does not exist."""
        result = self._notifications.delete_many({"recipient_id": user_id, "seq": seq})
        return result.deleted_count > 0

    @translated()
    def withdraw(self, post_id: PostId, recipient_ids: Sequence[UserId]) -> None:
        """Delete the mention notifications of a post for these recipients."""
        names = [f"{recipient_id}:post:{post_id}" for recipient_id in recipient_ids]
        if names:
            self._notifications.delete_many(
                {
                    "_id": {"$in": names},
                    "recipient_id": {"$in": list(recipient_ids)},
                    "kind": NotificationKind.MENTION.value,
                }
            )

    @translated()
    def clear(self, user_id: UserId) -> None:
        """Delete all notifications of a recipient."""
        self._notifications.delete_many({"recipient_id": user_id})

    @translated()
    def forget(self, post: Post) -> list[UserId]:
        """Delete the notifications of a deleted post, and of reactions to it.

        These are the ones to the people it addressed, and up to `MAX_FORGOTTEN` each of
        new posts, favourites and reposts, and of those who follow the conversation.
        Returns who may have had one.
        """
        self._notifications.delete_many(notifications_of(post))
        for kind in ("favourite", "repost"):
            prefix = f"{post.author_id}:{kind}:{post.id}"
            names = {"$gt": f"{prefix}:", "$lt": f"{prefix};"}
            self._forget({"_id": names, "recipient_id": post.author_id})
        asked = {"actor_id": post.author_id, "post_id": post.id, "kind": "post"}
        following = self._followers_of(post)
        return [post.author_id, *addressed(post), *following, *self._forget(asked)]

    def _followers_of(self, post: Post) -> list[UserId]:
        """Delete a reply's notifications to those who follow its conversation."""
        if not is_for_conversation(post):
            return []
        query = {"root_ids": post.root_id}
        found = self._followed.find(query, {"_id": 1}).limit(MAX_FORGOTTEN)
        recipients = [UserId(d["_id"]) for d in found]
        if recipients:
            self._notifications.delete_many(
                {
                    "_id": {"$in": [f"{i}:post:{post.id}" for i in recipients]},
                    "recipient_id": {"$in": recipients},
                }
            )
        return recipients

    def _forget(self, query: Document) -> list[UserId]:
        who = self._notifications.find(query, {"recipient_id": 1}).limit(MAX_FORGOTTEN)
        found = list(who)
        if found:
            names = [d["_id"] for d in found]
            recipients = [d["recipient_id"] for d in found]
            self._notifications.delete_many(
                {"_id": {"$in": names}, "recipient_id": {"$in": recipients}}
            )
        return [UserId(d["recipient_id"]) for d in found]


def write(collection: Any, notification: Notification, session: Any) -> None:
    """Write a notification in the transaction of the event that it is about."""
    document = _to_document(notification)
    collection.replace_one(
        {"_id": document["_id"], "recipient_id": document["recipient_id"]},
        document,
        upsert=True,
        session=session,
    )


def write_new(
    collection: Any, notifications: Iterable[Notification], session: Any
) -> None:
    """Write those that do not exist yet, in a transaction."""
    for notification in notifications:
        document = _to_document(notification)
        collection.update_one(
            {"_id": document.pop("_id"), "recipient_id": document["recipient_id"]},
            {"$setOnInsert": document},
            upsert=True,
            session=session,
        )


def notifications_of(post: Post) -> Document:
    """Match the notifications of a post to the people it addresses."""
    if post.repost_of_id is not None:
        about = f"repost:{post.repost_of_id}:{post.id}"
    else:
        about = f"post:{post.id}"
    recipients = sorted(addressed(post))
    names = [f"{recipient_id}:{about}" for recipient_id in recipients]
    return {"_id": {"$in": names}, "recipient_id": {"$in": recipients}}


_LAST_READ = "$marker.notifications.last_read_id"
#: The newest above the marker, from the index alone.
_ABOVE = [
    {
        "$match": {
            "$expr": {
                "$and": [
                    {"$eq": ["$recipient_id", "$$user"]},
                    {"$gt": ["$seq", "$$last"]},
                ]
            }
        }
    },
    {"$sort": {"seq": DESCENDING}},
    {"$limit": MAX_UNREAD},
    {"$project": {"_id": 0, "actor_id": 1}},
]


def _matching(wanted: Selection) -> Document:
    query: Document = {}
    if wanted.kinds != EVERY_KIND:
        query["kind"] = {"$in": sorted(wanted.kinds)}
    if wanted.actor_id:
        query["actor_id"] = wanted.actor_id
    return query


def _to_document(notification: Notification) -> Document:
    quoted: Document = {}
    if notification.quote_of_id:
        quoted["quote_of_id"] = notification.quote_of_id
        quoted["quote_of_author_id"] = notification.quote_of_author_id
    if notification.author_id:
        quoted["author_id"] = notification.author_id
    return {
        "_id": notification.name,
        "schema": schema_of("notifications"),
        "recipient_id": notification.recipient_id,
        "kind": notification.kind.value,
        "actor_id": notification.actor_id,
        "seq": notification.seq,
        "post_id": notification.post_id,
        "reply_to_id": notification.reply_to_author_id,
        "repost_of_id": notification.repost_of_id,
        "expires_at": at(ms_of(notification.seq)) + LIFETIME,
        **quoted,
    }


def _to_row(d: Document) -> NotificationRow:
    return NotificationRow(
        d["seq"],
        NotificationKind(d["kind"]).number,
        UserId(d["actor_id"]),
        PostId(d["post_id"]),
        UserId(d["reply_to_id"]),
        PostId(d["repost_of_id"]),
        PostId(d.get("quote_of_id", 0)),
        UserId(d.get("quote_of_author_id", 0)),
        UserId(d.get("author_id", 0)),
    )
