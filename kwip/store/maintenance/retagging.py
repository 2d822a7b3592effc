"""Rewrite what was parsed from the texts of all posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.store.client import translated
from kwip.store.paging import page_after
from kwip.store.posting.media.link_previews import PREVIEW_DUE
from kwip.store.posting.post_documents import CHANGED, content_of, to_post

if TYPE_CHECKING:
    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post
    from kwip.store.client import Document, Store

_POST = {"fanout": 0, "nonce": 0, "revisions": 0}
_REWRITTEN = ("links", "hashtags", "tags")


class RetagStore:
    """The parsed fields of the `posts` collection."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def after(self, post_id: int, limit: int) -> list[tuple[Post, list[str]]]:
        """Page all posts, tombstones too, with the hashtags they are listed under."""
        found = page_after(self._posts, {}, post_id, limit, _POST)
        return [(to_post(d), d["tags"]) for d in found]

    @translated()
    def tags_of(self, post_id: PostId) -> list[str]:
        """Read the hashtags that a post is listed under, right or wrong."""
        found = self._posts.find_one({"_id": post_id}, {"tags": 1})
        return [] if found is None else found.get("tags", [])

    @translated()
    def rewrite(self, old: Post, new: Post) -> bool:
        """Store links and hashtags of `new`; False if the post changed meanwhile.

        A preview of a link that is no longer the first one is removed, and the new one
        is looked up. A post that had no preview still gets none.
        """
        content = {**content_of(new)}
        change: Document = {
            "$set": {name: content[name] for name in _REWRITTEN},
            **CHANGED,
        }
        if old.preview is not None and old.preview.url != new.link_to_preview:
            change["$unset"] = {"preview": 1}
            change["$currentDate"] = change["$currentDate"] | {PREVIEW_DUE: True}
        result = self._posts.update_one({"_id": old.id, "version": old.version}, change)
        return result.modified_count == 1
