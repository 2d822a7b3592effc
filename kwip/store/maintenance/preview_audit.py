"""Check that link previews are of the links in their posts, and repair it.

A post and its preview are one document, so one read is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.ids import PostId
from kwip.store.client import translated
from kwip.store.paging import page_after
from kwip.store.posting.media.link_previews import PREVIEW_DUE

if TYPE_CHECKING:
    import datetime as dt

    from kwip.store.client import Document, Store

_FIELDS = {"preview.url": 1, "links.url": 1, "media.id": 1}


class PreviewAuditStore:
    """Previews of posts, page by page."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def mismatched_after(self, after: int, limit: int) -> tuple[int, int, list[PostId]]:
        """Page posts: the last id, how many, and whose preview is of another link."""
        page = list(page_after(self._posts, {}, after, limit, _FIELDS))
        wrong = [PostId(d["_id"]) for d in page if _is_mismatched(d)]
        return page[-1]["_id"] if page else after, len(page), wrong

    @translated()
    def drop(self, post_id: PostId, now: dt.datetime) -> None:
        """Remove a preview, and let the link be looked up again."""
        change: Any = {"$unset": {"preview": 1}, "$set": {PREVIEW_DUE: now}}
        self._posts.update_one({"_id": post_id, "is_tombstone": False}, change)


def _is_mismatched(d: Document) -> bool:
    if "preview" not in d:
        return False
    links = [link["url"] for link in d["links"]]
    return bool(d.get("media")) or d["preview"]["url"] not in links[:1]
