"""Kwips that came with an import: stored together, and known by their nonces."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from kwip.domain.errors import ConflictError
from kwip.domain.ids import PostId
from kwip.domain.messages import lazy_gettext
from kwip.store.bulk import DUPLICATE_KEY
from kwip.store.client import translated
from kwip.store.posting.counters import counted
from kwip.store.posting.post_documents import to_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwip.domain.posting.posts import Post
    from kwip.store.client import Store
    from kwip.store.posting.post_documents import FanoutDocument


class ImportedPostStore:
    """The posts of imports in the `posts` collection."""

    def __init__(self, store: Store):
        self._store = store
        self._posts = store.database["posts"]
        self._users = store.database["users"]

    @translated()
    def nonces(self, ids: Sequence[PostId]) -> dict[PostId, str]:
        """Return which of these ids posts have, with the nonces of those; one query."""
        found = self._posts.find({"_id": {"$in": list(ids)}}, {"nonce": 1})
        return {PostId(d["_id"]): d["nonce"] for d in found}

    @translated()
    def insert_many(
        self,
        posts: Sequence[Post],
        nonces: Mapping[PostId, str],
        fanout: FanoutDocument,
    ) -> None:
        """Store new posts of one author, and count them: all or none.

        One transaction of at most three commands. They have no attachments.

        Raises:
            ConflictError: A post has one of these ids, maybe the same one with the same
                nonce.
            StoreUnavailableError: The result is unknown; look for these nonces.
        """
        documents = [to_document(post, nonces[post.id], fanout) for post in posts]
        counts = Counter(each for post in posts for each in counted(post))
        updates = [
            UpdateOne({"_id": i}, {"$inc": {k: n}}) for (i, k), n in counts.items()
        ]
        added = {"$inc": {"posts_count": len(posts)}}

        def work(session: Any) -> None:
            self._posts.insert_many(documents, session=session)
            if updates:
                self._posts.bulk_write(updates, ordered=False, session=session)
            self._users.update_one({"_id": posts[0].author_id}, added, session=session)

        try:
            self._store.transact(work)
        except BulkWriteError as error:
            if {each["code"] for each in error.details["writeErrors"]} != {
                DUPLICATE_KEY
            }:
                raise
            raise ConflictError(lazy_gettext("An id is taken.")) from error
