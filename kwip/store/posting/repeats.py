"""Which posts of an author have the same text within a day; updated by each write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING

from kwip.domain.ids import MAX_ID, PostId, UserId
from kwip.domain.posting.repeats import DAY, Said, digest_of, settle
from kwip.store.client import translated
from kwip.store.posting.post_documents import CHANGED, to_post

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kwip.domain.posting.posts import Post
    from kwip.store.client import Document, Store

_SAID = {"said": 1, "repeats_id": 1}
_POST = {"fanout": 0, "nonce": 0, "revisions": 0}


class RepeatStore:
    """The repeats in the `posts` collection."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def link(self, post: Post) -> Post:
        """Set what a post repeats: its author's previous post with the same text."""
        digest = digest_of(post)
        if digest is None:
            return replace(post, repeats_id=None)
        found = self._posts.find_one(
            _said(post.author_id, digest, post.id - DAY, post.id),
            {"_id": 1},
            sort=[("_id", DESCENDING)],
        )
        before = None if found is None else PostId(found["_id"])
        return replace(post, repeats_id=before)

    @translated()
    def link_many(self, posts: Sequence[Post]) -> list[Post]:
        """As `link`, for new posts of one author that may repeat each other; one query.

        Reads what the author said between them, too, if one of them says the same.
        """
        new = [Said(post.id, digest_of(post), None) for post in posts]
        digests = {one.digest for one in new if one.digest is not None}
        first, last = min(new).post_id, max(new).post_id
        query = _said(posts[0].author_id, {"$in": [*digests]}, first - DAY, last)
        old = [
            Said(PostId(d["_id"]), d["said"], None)
            for d in self._posts.find(query, _SAID)
        ]
        repeats = {one.post_id: one.repeats_id for one in settle(sorted([*old, *new]))}
        return [replace(post, repeats_id=repeats[post.id]) for post in posts]

    @translated()
    def later(self, author_id: UserId, post_id: PostId) -> list[PostId]:
        """List an author's posts within a day after a post, which may repeat it."""
        query = {
            "author_id": author_id,
            "is_tombstone": False,
            "_id": {"$gt": post_id, "$lt": min(post_id + DAY, MAX_ID)},
        }
        return [PostId(d["_id"]) for d in self._posts.find(query, {"_id": 1})]

    @translated()
    def by_author(
        self, author_id: UserId, after: int, limit: int
    ) -> list[tuple[Post, int | None]]:
        """Page an author's posts, oldest first, with their stored digests."""
        query = {
            "author_id": author_id,
            "is_tombstone": False,
            "_id": {"$gt": after},
        }
        found = self._posts.find(query, _POST).sort("_id", ASCENDING).limit(limit)
        return [(to_post(d), d.get("said")) for d in found]

    @translated()
    def rewrite(self, post: Post, right: Said) -> bool:
        """Store the digest of a post and what it repeats; False if it changed."""
        result = self._posts.update_one(
            {"_id": post.id, "version": post.version},
            {
                "$set": {"said": right.digest, "repeats_id": right.repeats_id},
                **CHANGED,
            },
        )
        return result.modified_count == 1


def resettle(
    posts: Any,
    author_id: UserId,
    post_id: PostId,
    digests: Collection[int | None],
    session: Any,
) -> None:
    """Update what an author's later posts repeat, after a post has changed.

    `digests` are the old and the new one of that post. Must run in the transaction that
    changes it. Usually one query, because later posts rarely have the same text.
    """
    said = {"$in": [digest for digest in digests if digest is not None]}
    end = post_id + DAY
    later = _find(posts, _said(author_id, said, post_id, end), session)
    if not later:
        return
    start = later[0].post_id - DAY
    run = _find(posts, _said(author_id, said, start, end), session)
    for old, right in zip(run, settle(run), strict=True):
        if old.post_id > post_id and old != right:
            posts.update_one(
                {"_id": old.post_id},
                {"$set": {"repeats_id": right.repeats_id}, **CHANGED},
                session=session,
            )


def _find(posts: Any, query: Document, session: Any) -> Sequence[Said]:
    found = posts.find(query, _SAID, session=session).sort("_id", ASCENDING)
    return [Said(PostId(d["_id"]), d["said"], d["repeats_id"]) for d in found]


def _said(author_id: UserId, said: object, above: int, below: int) -> Document:
    return {
        "author_id": author_id,
        "said": said,
        "is_tombstone": False,
        "_id": {"$gt": above, "$lt": below},
    }
