"""Reactions: favourites, bookmarks, and the claims that keep reposts unique."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from kwip.domain.errors import ConflictError
from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.reactions import (
    Act,
    Reacted,
    Reaction,
    Span,
    bounds_of,
    span_of,
)
from kwip.domain.timelines.id_lists import Between, Row
from kwip.store.client import ONE_BATCH, translated
from kwip.store.posting.counters import count
from kwip.store.posting.post_documents import to_document
from kwip.store.posting.reactions.reaction_documents import name_of, reaction_document
from kwip.store.posting.reactions.votes import count_ballot
from kwip.store.timelines.notifications import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.notifications import Notification
    from kwip.store.client import Document, Store
    from kwip.store.posting.post_documents import FanoutDocument


class ReactionStore:
    """The `reactions` collection, and the counts of favourites in `posts`.

    `VoteStore` writes the votes.
    """

    def __init__(self, store: Store):
        self._store = store
        self._database = store.database
        self._reactions = store.database["reactions"]
        self._posts = store.database["posts"]
        self._notifications = store.database["notifications"]

    def add(self, reaction: Reaction, notification: Notification | None = None) -> bool:
        """Write a favourite or a bookmark; False if it existed already.

        A favourite is counted, and its notification written, in the same transaction.
        """

        def work(session: Any) -> bool:
            name = name_of(reaction.user_id, reaction.act, reaction.post_id)
            if self._reactions.find_one({"_id": name}, {"_id": 1}, session=session):
                return False
            self._reactions.insert_one(reaction_document(reaction), session=session)
            self._count(reaction.act, reaction.post_id, 1, session)
            if notification is not None:
                write(self._notifications, notification, session)
            return True

        try:
            return self._store.transact(work)
        except DuplicateKeyError:  # the same act at the same moment
            return False

    def remove(self, user_id: UserId, act: Act, post_id: PostId) -> bool:
        """Delete a favourite, a bookmark or a vote; False if there was none."""

        def work(session: Any) -> bool:
            name = name_of(user_id, act, post_id)
            old = self._reactions.find_one_and_delete({"_id": name}, session=session)
            if old is None:
                return False
            self._count(act, post_id, -1, session)
            if act is Act.VOTE:
                count_ballot(self._posts, post_id, old["ballot"], -1, session)
            author_id = old["author_id"]
            name = f"{author_id}:{act.value}:{post_id}:{user_id}"
            self._notifications.delete_one(
                {"_id": name, "recipient_id": author_id}, session=session
            )
            return True

        return self._store.transact(work)

    def _count(self, act: Act, post_id: PostId, by: int, session: Any) -> None:
        if act is Act.FAVOURITE:
            self._posts.update_one(
                {"_id": post_id}, {"$inc": {"favourites_count": by}}, session=session
            )

    def repost(
        self, reaction: Reaction, post: Post, nonce: str, fanout: FanoutDocument
    ) -> PostId:
        """Store a repost and its claim, and count it, in one transaction.

        Returns the id of the repost, which may be an earlier one.

        Raises:
            ConflictError: Another post has this id, or the same repost is being stored
                at this moment; try again with a new id.
            StoreUnavailableError: The result is unknown; repeat it.
        """

        def work(session: Any) -> PostId:
            name = name_of(reaction.user_id, Act.REPOST, reaction.post_id)
            held = self._reactions.find_one(
                {"_id": name}, {"repost_id": 1}, session=session
            )
            if held is not None:
                return PostId(held["repost_id"])
            claim = reaction_document(reaction) | {"repost_id": post.id}
            self._reactions.insert_one(claim, session=session)
            self._posts.insert_one(to_document(post, nonce, fanout), session=session)
            count(self._database, post, 1, session)
            return post.id

        try:
            return self._store.transact(work)
        except DuplicateKeyError as error:
            raise ConflictError("that id is taken", post_id=post.id) from error

    @translated()
    def repost_of(self, user_id: UserId, post_id: PostId) -> PostId | None:
        """Find a user's repost of a post."""
        name = name_of(user_id, Act.REPOST, post_id)
        held = self._reactions.find_one({"_id": name}, {"repost_id": 1})
        return None if held is None else PostId(held["repost_id"])

    @translated()
    def release_repost(
        self, user_id: UserId, post_id: PostId, repost_id: PostId
    ) -> None:
        """Delete the claim of one repost, so that the post can be reposted again."""
        self._reactions.delete_one(
            {"_id": name_of(user_id, Act.REPOST, post_id), "repost_id": repost_id}
        )

    @translated()
    def of_spans(
        self, wanted: Sequence[tuple[UserId, Span]]
    ) -> dict[tuple[UserId, Span], Reacted]:
        """Read users' reactions to the posts of spans; one query, from the index."""
        ranges = [(user_id, *bounds_of(span)) for user_id, span in wanted]
        found = self._reactions.find(
            {
                "$or": [
                    {"user_id": user_id, "post_id": {"$gte": low, "$lt": high}}
                    for user_id, low, high in ranges
                ]
            },
            {"_id": 0, "user_id": 1, "post_id": 1, "act": 1, "ballot": 1},
        )
        found.batch_size(ONE_BATCH)
        acts: dict[tuple[int, int, str], dict[PostId, int]] = defaultdict(dict)
        for d in found:
            post_id = PostId(d["post_id"])
            ballot = d.get("ballot") or 0
            acts[d["user_id"], span_of(post_id), d["act"]][post_id] = ballot
        return {
            (user_id, span): Reacted(
                frozenset(acts[user_id, span, Act.FAVOURITE]),
                frozenset(acts[user_id, span, Act.BOOKMARK]),
                frozenset(acts[user_id, span, Act.REPOST]),
                acts[user_id, span, Act.VOTE],
            )
            for user_id, span in wanted
        }

    @translated()
    def by_user(self, act: Act, user_id: UserId, part: Between) -> list[Row]:
        """Read the posts that a user reacted to, between two seqs, newest first."""
        found = self._between({"user_id": user_id, "act": act.value}, part)
        return [
            Row(
                *(d["seq"], d["post_id"], d["author_id"], d["reply_to_id"] or 0),
                *(d.get("quote_of_id", 0), d.get("quote_of_author_id", 0)),
            )
            for d in found
        ]

    @translated()
    def on_post(self, act: Act, post_id: PostId, part: Between) -> list[Row]:
        """Read who reacted to a post, between two seqs, newest first."""
        found = self._between({"post_id": post_id, "act": act.value}, part)
        return [Row(d["seq"], d["user_id"]) for d in found]

    def _between(self, query: Document, part: Between) -> list[Document]:
        bounds = {"$gt": part.above, "$lt": part.below}
        order = ASCENDING if part.ascending else DESCENDING
        found = self._reactions.find({**query, "seq": bounds}).sort("seq", order)
        rows = list(found.limit(part.limit).batch_size(part.limit))
        return rows[::-1] if part.ascending else rows
