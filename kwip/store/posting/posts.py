"""Posts: insert, read, edit and delete them, and the queries of timelines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from kwip.domain.errors import ConflictError
from kwip.domain.ids import MAX_ID, PostId, UserId
from kwip.domain.posting.posts import History, Post, Visibility
from kwip.domain.posting.repeats import digest_of
from kwip.domain.timelines.threads import Threaded
from kwip.domain.timelines.timelines import Entry
from kwip.store.client import ONE_BATCH, translated
from kwip.store.posting.counters import count
from kwip.store.posting.media.attachments import attach, detach, reattach
from kwip.store.posting.media.link_previews import PREVIEW_DUE, change_of_preview
from kwip.store.posting.post_documents import (
    CHANGED,
    change_of_poll,
    content_of,
    revision_of,
    to_document,
    to_post,
    to_revision,
)
from kwip.store.posting.repeats import resettle
from kwip.store.timelines.notifications import notifications_of, write_new

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from kwip.domain.timelines.notifications import Notification
    from kwip.store.client import Document, Store
    from kwip.store.posting.post_documents import FanoutDocument

#: Earlier texts that are kept; more edits drop the oldest.
MAX_REVISIONS = 50
#: The fields of a post that its entry is made of.
ENTRY = dict.fromkeys(
    (
        *("author_id", "in_reply_to_id", "in_reply_to_author_id"),
        *("repost_of_id", "repost_of_author_id"),
        *("quote_of_id", "quote_of_author_id"),
    ),
    1,
)
_NO_PREVIEW = {"preview": 1, PREVIEW_DUE: 1}
_THREADED = dict.fromkeys(
    ("author_id", "in_reply_to_id", "quote_of_id", "quote_of_author_id"), 1
)
_PUSHED = {"author_id": 1, "visibility": 1, "mentions.user_id": 1}
_POST = {"fanout": 0, "nonce": 0, "revisions": 0}


@dataclass(frozen=True, slots=True)
class Pushed:
    """What decides which homes a pushed post belongs to."""

    post_id: PostId
    author_id: UserId
    visibility: Visibility
    mentioned_ids: frozenset[UserId]


class PostStore:
    """The `posts` collection, except delivery (see `OutboxStore`)."""

    def __init__(self, store: Store):
        self._store = store
        self._posts = store.database["posts"]
        self._attachments = store.database["attachments"]
        self._reactions = store.database["reactions"]
        self._notifications = store.database["notifications"]

    @translated()
    def insert(self, post: Post, nonce: str, fanout: FanoutDocument) -> None:
        """Store a new post with its outbox and attachments, and count it.

        One transaction.

        Raises:
            InvalidError: An attachment cannot be used.
            ConflictError: Another post has this id; use a new one. The same post with
                the same nonce is no conflict: it was stored before.
            StoreUnavailableError: The result is unknown; repeat with this id and nonce.
        """

        def work(session: Any) -> None:
            self._posts.insert_one(to_document(post, nonce, fanout), session=session)
            attach(self._attachments, post, post.media, session)
            count(self._store.database, post, 1, session)

        try:
            self._store.transact(work)
        except DuplicateKeyError as error:
            if self._posts.find_one({"_id": post.id, "nonce": nonce}, {"_id": 1}):
                return
            raise ConflictError("that id is taken", post_id=post.id) from error

    @translated()
    def get_many(self, ids: Sequence[PostId]) -> dict[PostId, Post]:
        """Read posts and tombstones by id, in one query."""
        found = self._posts.find({"_id": {"$in": list(ids)}}, _POST)
        return {PostId(d["_id"]): to_post(d) for d in found.batch_size(ONE_BATCH)}

    @translated()
    def find(self, post_id: PostId, nonce: str) -> Post | None:
        """Find the post that was inserted with this id and nonce."""
        document = self._posts.find_one({"_id": post_id, "nonce": nonce}, _POST)
        return None if document is None else to_post(document)

    @translated()
    def history(self, post_id: PostId) -> History | None:
        """Read a post with its earlier texts."""
        document = self._posts.find_one({"_id": post_id}, {"fanout": 0, "nonce": 0})
        if document is None:
            return None
        revisions = tuple(to_revision(old) for old in document["revisions"])
        post = to_post(document)
        if post.is_marked:
            revisions = tuple(replace(old, is_sensitive=True) for old in revisions)
        return History(post=post, revisions=revisions)

    @translated()
    def entries(self, ids: Iterable[int]) -> list[Entry]:
        """Read the entries of these posts, tombstones too, in no particular order."""
        found = self._posts.find({"_id": {"$in": list(ids)}}, ENTRY)
        return [to_entry(d) for d in found.batch_size(ONE_BATCH)]

    @translated()
    def entries_by(
        self,
        authors: Sequence[UserId],
        *,
        below: int,
        above: int = 0,
        limit: int,
        ascending: bool = False,
        only_media: bool = False,
    ) -> list[Entry]:
        """Read entries of at most 200 authors between two ids, one query.

        Newest first, or oldest first if `ascending`; index `author_id, _id`, or that of
        posts with attachments.
        """
        kind = {"has_media": True} if only_media else {"is_tombstone": False}
        found = self._posts.find(
            {"author_id": {"$in": list(authors)}, **kind, "_id": between(above, below)},
            ENTRY,
        )
        order = ASCENDING if ascending else DESCENDING
        return [
            to_entry(d) for d in found.sort("_id", order).limit(limit).batch_size(limit)
        ]

    @translated()
    def pushed_by(
        self,
        authors: Sequence[UserId],
        *,
        at_least: int,
        limit: int,
    ) -> list[Pushed]:
        """Read the posts that stored homes are built from.

        These are the newest `limit` posts with id ≥ `at_least` of at most 200 authors
        that are pushed, or may be: undecided posts are included, because a delivery in
        progress may already have passed the caller.
        """
        found = self._posts.find(_pushed(authors, at_least), _PUSHED)
        return [
            _to_pushed(d)
            for d in found.sort("_id", DESCENDING).limit(limit).batch_size(limit)
        ]

    @translated()
    def all_delivered_by(self, authors: Sequence[UserId]) -> list[Pushed]:
        """Read all delivered posts of at most 200 authors, in no particular order."""
        found = self._posts.find(
            {**_pushed(authors, 0), "fanout.state": "done"}, _PUSHED
        )
        return [_to_pushed(d) for d in found]

    @translated()
    def written_by(self, author_id: UserId, ids: Sequence[int]) -> list[PostId]:
        """Return which of these posts (tombstones too) an author wrote."""
        found = self._posts.find(
            {"_id": {"$in": list(ids)}, "author_id": author_id}, {"_id": 1}
        )
        return [PostId(d["_id"]) for d in found]

    @translated()
    def listed(
        self, *, below: int, above: int = 0, limit: int, ascending: bool = False
    ) -> list[Entry]:
        """Read entries of the public timeline between two ids, one query."""
        order = ASCENDING if ascending else DESCENDING
        found = self._posts.find(
            {"is_listed": True, "_id": between(above, below)}, ENTRY
        )
        return [
            to_entry(d) for d in found.sort("_id", order).limit(limit).batch_size(limit)
        ]

    @translated()
    def tagged(
        self,
        tag: str,
        *,
        below: int,
        above: int = 0,
        limit: int,
        ascending: bool = False,
    ) -> list[Entry]:
        """Read entries of a hashtag's timeline between two ids, one query."""
        order = ASCENDING if ascending else DESCENDING
        found = self._posts.find(
            {"tags": {"$eq": tag}, "_id": between(above, below)}, ENTRY
        )
        return [
            to_entry(d) for d in found.sort("_id", order).limit(limit).batch_size(limit)
        ]

    @translated()
    def thread(self, root_id: PostId, *, limit: int) -> list[Threaded]:
        """Read the posts of a conversation (tombstones too), oldest first."""
        found = self._posts.find({"root_id": root_id}, _THREADED)
        return [
            Threaded(
                PostId(d["_id"]),
                UserId(d["author_id"]),
                PostId(d["in_reply_to_id"] or 0),
                PostId(d.get("quote_of_id") or 0),
                UserId(d.get("quote_of_author_id") or 0),
            )
            for d in found.sort("_id", ASCENDING).limit(limit).batch_size(limit)
        ]

    def edit(
        self,
        old: Post,
        new: Post,
        at: dt.datetime,
        notifications: Sequence[Notification] = (),
    ) -> bool:
        """Replace the text of `old` by that of `new`; False if it changed meanwhile.

        The old text is added to the revisions; `version` rises by one. Notifications of
        newly mentioned users are written in the same transaction; attachments that
        `new` lacks are marked as removed.

        Raises:
            InvalidError: A new attachment cannot be used.
        """

        def work(session: Any) -> bool:
            result = self._posts.update_one(
                {"_id": old.id, "version": old.version, "is_tombstone": False},
                _edit_of(old, new, at),
                session=session,
            )
            if result.modified_count:
                reattach(self._attachments, old, new, at, session)
                write_new(self._notifications, notifications, session)
                said = {digest_of(old), digest_of(new)}
                resettle(self._posts, old.author_id, old.id, said, session)
            return result.modified_count == 1

        return self._store.transact(work)

    @translated()
    def delete(
        self,
        post_id: PostId,
        author_id: UserId,
        now: dt.datetime,
        *,
        keeps_media: bool = False,
    ) -> Post | None:
        """Turn a post into a tombstone; return it as it was, None if it was deleted.

        One transaction, with the counters of its author and of its parent or original,
        the claim of a repost, the notifications of the people it addressed, and the
        posts that repeated it. Its attachments are marked as removed, or kept for
        another post.
        """

        def work(session: Any) -> Post | None:
            old = self._posts.find_one_and_update(
                {"_id": post_id, "author_id": author_id, "is_tombstone": False},
                {"$set": _TOMBSTONE, "$unset": _NO_PREVIEW, **CHANGED},
                return_document=ReturnDocument.BEFORE,
                session=session,
            )
            if old is None:
                return None
            post = to_post(old)
            ids = [each.id for each in post.media]
            detach(self._attachments, post, ids, now, session, keeps=keeps_media)
            count(self._store.database, post, -1, session)
            if post.repost_of_id is not None:
                self._reactions.delete_one(
                    {
                        "_id": f"{author_id}:repost:{post.repost_of_id}",
                        "repost_id": post_id,
                    },
                    session=session,
                )
            self._notifications.delete_many(notifications_of(post), session=session)
            said = {digest_of(post)}
            resettle(self._posts, author_id, post_id, said, session)
            return post

        return self._store.transact(work)


#: What a tombstone loses. Its delivery ends, since nothing is left to deliver.
_TOMBSTONE = {
    "is_tombstone": True,
    "is_listed": False,
    "is_quote": False,
    "text": "",
    "links": [],
    "mentions": [],
    "hashtags": [],
    "tags": [],
    "warning": "",
    "media": [],
    "has_media": False,
    "poll": None,
    "said": None,
    "repeats_id": None,
    "revisions": [],
    "fanout.state": "done",
    "fanout.lease_owner": None,
}


def _edit_of(old: Post, new: Post, at: dt.datetime) -> Document:
    poll, no_poll = change_of_poll(old.poll, new.poll)
    preview, no_preview = change_of_preview(old, new, at)
    return {
        "$set": {
            **content_of(new),
            **poll,
            **preview,
            "repeats_id": new.repeats_id,
            "edited_at": at,
        },
        "$unset": no_poll | no_preview,
        **CHANGED,
        "$push": {"revisions": {"$each": [revision_of(old)], "$slice": -MAX_REVISIONS}},
    }


def to_entry(d: Document) -> Entry:
    """Convert a post that was read with `ENTRY` to its entry."""
    return Entry(
        PostId(d["_id"]),
        UserId(d["author_id"]),
        UserId(d["in_reply_to_author_id"] or 0),
        # Schema 1 of posts has no reposts, and none before 6 has quotes.
        PostId(d["in_reply_to_id"] or d.get("repost_of_id") or 0),
        UserId(d.get("repost_of_author_id") or 0),
        PostId(d.get("quote_of_id") or 0),
        UserId(d.get("quote_of_author_id") or 0),
    )


def _pushed(authors: Sequence[UserId], at_least: int) -> Document:
    return {
        "author_id": {"$in": list(authors)},
        "is_tombstone": False,
        "_id": {"$gte": at_least},
        "fanout.mode": {"$in": ["push", None]},
    }


def _to_pushed(d: Document) -> Pushed:
    return Pushed(
        PostId(d["_id"]),
        UserId(d["author_id"]),
        Visibility(d["visibility"]),
        frozenset(UserId(m["user_id"]) for m in d["mentions"]),
    )


def between(above: int, below: int) -> dict[str, int]:
    """Match ids between two, exclusive."""
    # MAX_ID itself is never used as an id, so the open end may be exclusive as well.
    return {"$gt": above, "$lt": min(below, MAX_ID)}
