"""Reactions: favourites, bookmarks, and the claims that keep reposts single."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from kwip.domain.ids import MAX_ID, PostId, UserId
from kwip.domain.reactions import Act, Reacted, Reaction, Span, bounds_of, span_of
from kwip.domain.rolls import Row
from kwip.store.client import ONE_BATCH, translated
from kwip.store.notifications import write
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.notifications import Notification
    from kwip.store.client import Document, Store


@dataclass(frozen=True, slots=True)
class RepostClaim:
    """The one repost of a post by a user: the id and the nonce of its own post."""

    repost_id: PostId
    nonce: str


class ReactionStore:
    """The `reactions` collection, and the counter of favourites in `posts`."""

    def __init__(self, store: Store):
        self._store = store
        self._reactions = store.database["reactions"]
        self._posts = store.database["posts"]
        self._notifications = store.database["notifications"]

    def add(self, reaction: Reaction, told: Notification | None = None) -> bool:
        """Write a favourite or a bookmark; False if it stood already.

        A favourite is counted, and what the author is told is written, in the same
        transaction.
        """

        def work(session: Any) -> bool:
            name = _name(reaction.user_id, reaction.act, reaction.post_id)
            if self._reactions.find_one({"_id": name}, {"_id": 1}, session=session):
                return False
            self._reactions.insert_one(_to_document(reaction), session=session)
            self._count(reaction.act, reaction.post_id, 1, session)
            if told is not None:
                write(self._notifications, told, session)
            return True

        try:
            return self._store.transact(work)
        except DuplicateKeyError:  # the same act at the same moment
            return False

    def remove(self, user_id: UserId, act: Act, post_id: PostId) -> bool:
        """Take a favourite or a bookmark back; False if there was none."""

        def work(session: Any) -> bool:
            name = _name(user_id, act, post_id)
            old = self._reactions.find_one_and_delete({"_id": name}, session=session)
            if old is None:
                return False
            self._count(act, post_id, -1, session)
            told = f"{old['author_id']}:{act.value}:{post_id}:{user_id}"
            self._notifications.delete_one({"_id": told}, session=session)
            return True

        return self._store.transact(work)

    def _count(self, act: Act, post_id: PostId, by: int, session: Any) -> None:
        if act is Act.FAVOURITE:
            self._posts.update_one(
                {"_id": post_id}, {"$inc": {"favourites_count": by}}, session=session
            )

    @translated()
    def claim_repost(self, reaction: Reaction, claim: RepostClaim) -> RepostClaim:
        """Claim a repost; return the claim that holds, this one or an earlier one."""
        document = _to_document(reaction)
        document |= {"repost_id": claim.repost_id, "nonce": claim.nonce}
        try:
            self._reactions.insert_one(document)
        except DuplicateKeyError:
            held = self.repost_of(reaction.user_id, reaction.post_id)
            return held or self.claim_repost(reaction, claim)
        return claim

    @translated()
    def repost_of(self, user_id: UserId, post_id: PostId) -> RepostClaim | None:
        """Find a user's repost of a post."""
        name = _name(user_id, Act.REPOST, post_id)
        held = self._reactions.find_one({"_id": name}, {"repost_id": 1, "nonce": 1})
        if held is None:
            return None
        return RepostClaim(PostId(held["repost_id"]), held["nonce"])

    @translated()
    def move_repost(
        self, user_id: UserId, post_id: PostId, old: PostId, new: PostId
    ) -> bool:
        """Give a claim whose id another post has a new id; False if it has changed."""
        result = self._reactions.update_one(
            {"_id": _name(user_id, Act.REPOST, post_id), "repost_id": old},
            {"$set": {"repost_id": new}},
        )
        return result.modified_count == 1

    @translated()
    def release_repost(
        self, user_id: UserId, post_id: PostId, repost_id: PostId
    ) -> None:
        """Let go of the claim of one repost, so that there may be another one."""
        self._reactions.delete_one(
            {"_id": _name(user_id, Act.REPOST, post_id), "repost_id": repost_id}
        )

    @translated()
    def of_spans(
        self, wanted: Sequence[tuple[UserId, Span]]
    ) -> dict[tuple[UserId, Span], Reacted]:
        """Read what users did with the posts of spans; one query, from the index."""
        ranges = [(user_id, *bounds_of(span)) for user_id, span in wanted]
        found = self._reactions.find(
            {
                "$or": [
                    {"user_id": user_id, "post_id": {"$gte": low, "$lt": high}}
                    for user_id, low, high in ranges
                ]
            },
            {"_id": 0, "user_id": 1, "post_id": 1, "act": 1},
        )
        found.batch_size(ONE_BATCH)
        acts: dict[tuple[int, int, str], set[PostId]] = defaultdict(set)
        for d in found:
            post_id = PostId(d["post_id"])
            acts[d["user_id"], span_of(post_id), d["act"]].add(post_id)
        return {
            (user_id, span): Reacted(
                *(frozenset(acts.get((user_id, span, act), ())) for act in Act)
            )
            for user_id, span in wanted
        }

    @translated()
    def by_user(
        self, act: Act, user_id: UserId, *, below: int, above: int, limit: int
    ) -> list[Row]:
        """Read the posts of a user's acts between two seqs, newest first.

        The oldest ones if only `above` is a bound.
        """
        found = self._between(
            {"user_id": user_id, "act": act.value}, (above, below), limit
        )
        return [
            Row(d["seq"], d["post_id"], d["author_id"], d["reply_to_id"] or 0)
            for d in found
        ]

    @translated()
    def on_post(
        self, act: Act, post_id: PostId, *, below: int, above: int, limit: int
    ) -> list[Row]:
        """Read who acted on a post between two seqs, newest first.

        The oldest ones if only `above` is a bound.
        """
        found = self._between(
            {"post_id": post_id, "act": act.value}, (above, below), limit
        )
        return [Row(d["seq"], d["user_id"]) for d in found]

    def _between(
        self, query: Document, bounds: tuple[int, int], limit: int
    ) -> list[Document]:
        above, below = bounds
        order = ASCENDING if above > 0 and below == MAX_ID else DESCENDING
        found = self._reactions.find({**query, "seq": {"$gt": above, "$lt": below}})
        rows = list(found.sort("seq", order).limit(limit).batch_size(limit))
        return rows if order == DESCENDING else rows[::-1]


def _name(user_id: UserId, act: Act, post_id: PostId) -> str:
    return f"{user_id}:{act.value}:{post_id}"


def _to_document(reaction: Reaction) -> Document:
    return {
        "_id": _name(reaction.user_id, reaction.act, reaction.post_id),
        "schema": schema_of("reactions"),
        "user_id": reaction.user_id,
        "act": reaction.act.value,
        "post_id": reaction.post_id,
        "author_id": reaction.author_id,
        "reply_to_id": reaction.reply_to_id,
        "seq": reaction.seq,
    }
