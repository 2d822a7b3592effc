"""The outbox in the posts: which await delivery, who delivers them, their progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymongo import ASCENDING, ReturnDocument
from pymongo.write_concern import WriteConcern

from kwip.domain.ids import PostId, UserId
from kwip.store.client import translated
from kwip.store.delivery.audience import Audience, look
from kwip.store.due_work import DueWork
from kwip.store.posting.post_documents import to_post

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from kwip.domain.posting.posts import Post
    from kwip.store.client import Document, Store
    from kwip.store.posting.post_documents import FanoutDocument

#: Where progress is stored under another name.
_STORED = {"last_notified": "fanout.told"}
#: Posts of one author that are delivered together, at most.
MAX_TOGETHER = 32


@dataclass(frozen=True, slots=True)
class Held:
    """Posts that a worker holds by a lease, and how often they were tried."""

    holder: str
    ids: Sequence[PostId]
    attempts: int


class UnreadableError(Exception):
    """A document of posts that were leased cannot be read; they are `held`."""

    def __init__(self, held: Held):
        super().__init__()
        self.held = held


@dataclass(frozen=True, slots=True)
class DeliveryLease:
    """The right to deliver some posts of one author, starting from one place.

    `holder` is random for each lease, so it fences every later step. The audience was
    read under the lease.
    """

    holder: str
    posts: tuple[Post, ...]
    enqueued_at: tuple[dt.datetime, ...]
    mode: str | None
    start: int
    cursor: int | None
    has_wrapped: bool
    listed: int
    last_notified: int | None
    attempts: int
    audience: Audience

    @property
    def ids(self) -> list[PostId]:
        """The ids of the posts, oldest first."""
        return [post.id for post in self.posts]

    @property
    def author_id(self) -> UserId:
        """Who wrote them."""
        return self.posts[0].author_id


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How far the delivery of one post is."""

    author_id: UserId
    state: str
    mode: str | None
    attempts: int
    enqueued_at: dt.datetime
    leased_until: dt.datetime | None


def pending(enqueued_at: dt.datetime, due_at: dt.datetime) -> FanoutDocument:
    """Return the delivery state of a new post."""
    return {
        "state": "pending",
        "mode": None,
        "start": None,
        "cursor": None,
        "has_wrapped": False,
        "lease_owner": None,
        "lease_until": None,
        "enqueued_at": enqueued_at,
        "due_at": due_at,
        "attempts": 0,
    }


class OutboxStore(DueWork):
    """The `fanout` part of the `posts` collection."""

    def __init__(self, store: Store):
        self._database = store.database
        self._posts = store.database["posts"]
        waiting = {"fanout.state": "pending"}
        super().__init__(self._posts, waiting, due_at="fanout.due_at")
        # A lease may get lost with its primary: then the post is due again, and later
        # steps find another holder. So nothing waits until a majority has it.
        self._leases = self._posts.with_options(write_concern=WriteConcern(1))

    @translated()
    def lease(
        self,
        post_id: PostId,
        holder: str,
        now: dt.datetime,
        until: dt.datetime,
        max_followers: int,
    ) -> DeliveryLease | None:
        """Lease a pending post that nobody holds; None if there is nothing to lease.

        A second command reads its audience, up to `max_followers` of them. A post that
        was never tried takes others of its author along that were not tried either
        (two more commands, if there are any), because they go to the same owners. One
        that failed goes alone, so that it cannot make the others fail; so does a
        replayed dead letter, because it resumes where it stopped.

        Raises:
            UnreadableError: They are leased, and one of them is no post; give them up.
        """
        first = self._leases.find_one_and_update(
            {"_id": post_id, **_free(now)},
            {
                "$set": _held(holder, until),
                "$inc": {"fanout.attempts": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
        if first is None:
            return None
        author_id, fanout = UserId(first["author_id"]), first["fanout"]
        waiting = _waiting(author_id, now) if _may_go_together(first) else None
        audience, ids = look(
            self._database,
            author_id,
            waiting=waiting,
            most=(MAX_TOGETHER, max_followers),
        )
        taken = [first]
        # The query may have been answered from before the lease, with the post itself.
        others = [each for each in ids if each != post_id][: MAX_TOGETHER - 1]
        if waiting and others:
            taken += self._take_along(others, waiting, _held(holder, until))
        taken.sort(key=lambda d: d["_id"])
        try:
            posts = tuple(map(to_post, taken))
        except (ValueError, LookupError, TypeError) as error:
            ids = [PostId(d["_id"]) for d in taken]
            raise UnreadableError(Held(holder, ids, fanout["attempts"])) from error
        return DeliveryLease(
            holder=holder,
            posts=posts,
            enqueued_at=tuple(d["fanout"]["enqueued_at"] for d in taken),
            mode=fanout["mode"],
            start=fanout["start"] or 0,
            cursor=fanout["cursor"],
            has_wrapped=fanout["has_wrapped"],
            listed=fanout.get("listed", 0),
            last_notified=fanout.get("told"),
            attempts=fanout["attempts"],
            audience=audience,
        )

    def _take_along(
        self, ids: Sequence[PostId], waiting: Document, held: Document
    ) -> list[Document]:
        self._posts.update_many(
            {"_id": {"$in": list(ids)}, **waiting},
            {"$set": held, "$inc": {"fanout.attempts": 1}},
        )
        holder = held["fanout.lease_owner"]
        mine = {"_id": {"$in": list(ids)}, "fanout.lease_owner": holder}
        return list(self._posts.find(mine))

    @translated()
    def advance(
        self, lease: DeliveryLease, until: dt.datetime, **progress: object
    ) -> bool:
        """Record a place, and what was chosen for the lease; extend the lease.

        A place is `cursor` and `has_wrapped`, or `listed`, or `last_notified`. A
        delivery that makes progress is not failing: attempts are counted from 0 again,
        so that a long delivery survives any number of restarts. Returns False if the
        lease is lost for any of the posts; the caller must then stop.
        """
        recorded = {"mode": lease.mode, "start": lease.start, **progress}
        fields = {_STORED.get(n, f"fanout.{n}"): v for n, v in recorded.items()}
        if progress.keys() & {"cursor", "listed"} or progress.get("last_notified"):
            fields["fanout.attempts"] = 1
        result = self._posts.update_many(
            {"_id": {"$in": lease.ids}, "fanout.lease_owner": lease.holder},
            {"$set": {**fields, "fanout.lease_until": until, "fanout.due_at": until}},
        )
        return result.matched_count == len(lease.posts)

    @translated()
    def attempts(self, lease: DeliveryLease | Held) -> int:
        """Return how often the leased posts were tried since their last progress."""
        query = {"_id": lease.ids[0], "fanout.lease_owner": lease.holder}
        found = self._posts.find_one(query, {"fanout.attempts": 1})
        return lease.attempts if found is None else found["fanout"]["attempts"]

    @translated()
    def finish(self, lease: DeliveryLease) -> bool:
        """Mark the posts delivered, and in what mode.

        Returns False if the lease is lost for any of them; the others are marked.
        """
        result = self._posts.update_many(
            {"_id": {"$in": lease.ids}, "fanout.lease_owner": lease.holder},
            {
                "$set": {
                    "fanout.state": "done",
                    "fanout.mode": lease.mode,
                    "fanout.lease_owner": None,
                }
            },
        )
        return result.matched_count == len(lease.posts)

    @translated()
    def give_up(
        self, lease: DeliveryLease | Held, state: str, due_at: dt.datetime
    ) -> None:
        """Release the posts: `pending` to be retried at `due_at`, or `dead`."""
        self._posts.update_many(
            {"_id": {"$in": lease.ids}, "fanout.lease_owner": lease.holder},
            {
                "$set": {
                    "fanout.state": state,
                    "fanout.lease_owner": None,
                    "fanout.lease_until": None,
                    "fanout.due_at": due_at,
                }
            },
        )

    @translated()
    def state_of(self, post_id: PostId) -> DeliveryState | None:
        """Read the state of one post's delivery; None if there is no such post."""
        found = self._posts.find_one({"_id": post_id}, {"author_id": 1, "fanout": 1})
        if found is None or "fanout" not in found:
            return None
        fanout = found["fanout"]
        return DeliveryState(
            author_id=UserId(found["author_id"]),
            state=fanout["state"],
            mode=fanout["mode"],
            attempts=fanout["attempts"],
            enqueued_at=fanout["enqueued_at"],
            leased_until=fanout["lease_until"],
        )

    @translated()
    def oldest_pending_at(self) -> dt.datetime | None:
        """Return when the oldest pending post was enqueued; None if there is none."""
        oldest = self._posts.find_one(
            {"fanout.state": "pending"},
            {"fanout.enqueued_at": 1},
            sort=[("fanout.enqueued_at", ASCENDING)],
        )
        return None if oldest is None else oldest["fanout"]["enqueued_at"]

    @translated()
    def pending_count(self) -> int:
        """Count the posts that await delivery."""
        # Without a hint, only the first key of a partial index is used.
        pending = {"fanout.state": "pending"}
        return self._posts.count_documents(pending, hint="fanout.due_at_1")

    @translated()
    def dead_count(self) -> int:
        """Count the dead letters."""
        return self._posts.count_documents({"fanout.state": "dead"})

    @translated()
    def oldest_pending(
        self, limit: int
    ) -> list[tuple[PostId, UserId, int, dt.datetime]]:
        """List (post, author, attempts, enqueued at) of pending posts."""
        return self._rows("pending", limit)

    @translated()
    def dead(self, limit: int) -> list[tuple[PostId, UserId, int, dt.datetime]]:
        """List (post, author, attempts, enqueued at) of the dead letters."""
        return self._rows("dead", limit)

    def _rows(
        self, state: str, limit: int
    ) -> list[tuple[PostId, UserId, int, dt.datetime]]:
        order = "fanout.due_at" if state == "pending" else "_id"
        found = self._posts.find({"fanout.state": state}, {"author_id": 1, "fanout": 1})
        return [
            (
                PostId(d["_id"]),
                UserId(d["author_id"]),
                d["fanout"]["attempts"],
                d["fanout"]["enqueued_at"],
            )
            for d in found.sort(order, ASCENDING).limit(limit)
        ]

    @translated()
    def replay(self, ids: Sequence[PostId], now: dt.datetime) -> int:
        """Make dead letters pending again, from where they stopped; count them."""
        result = self._posts.update_many(
            {"_id": {"$in": list(ids)}, "fanout.state": "dead"},
            {
                "$set": {
                    "fanout.state": "pending",
                    "fanout.attempts": 0,
                    "fanout.due_at": now,
                }
            },
        )
        return result.modified_count

    def iter_dead(self, batch: int = 500) -> Iterator[list[PostId]]:
        """Iterate over all dead letters, a batch of ids at a time."""
        after = 0
        while ids := self._dead_after(after, batch):
            yield ids
            after = ids[-1]

    @translated()
    def _dead_after(self, after: int, batch: int) -> list[PostId]:
        query = {"fanout.state": "dead", "_id": {"$gt": after}}
        found = self._posts.find(query, {"_id": 1}).sort("_id", ASCENDING).limit(batch)
        return [PostId(d["_id"]) for d in found]


def _free(now: dt.datetime) -> Document:
    return {
        "fanout.state": "pending",
        "$or": [
            {"fanout.lease_owner": None},
            {"fanout.lease_until": {"$lt": now}},
        ],
    }


def _waiting(author_id: UserId, now: dt.datetime) -> Document:
    """Match an author's posts that nobody has tried and that may go together."""
    return {
        "author_id": author_id,
        "fanout.attempts": 0,
        "fanout.mode": None,
        "visibility": {"$ne": "direct"},
        **_free(now),
    }


def _may_go_together(first: Document) -> bool:
    """Return whether a post leased for the first time may take others along."""
    fanout = first["fanout"]
    is_fresh = fanout["attempts"] == 1 and fanout["mode"] is None
    return is_fresh and first["visibility"] != "direct"


def _held(holder: str, until: dt.datetime) -> Document:
    return {
        "fanout.lease_owner": holder,
        "fanout.lease_until": until,
        "fanout.due_at": until,
    }
