"""Link previews: of addresses, kept for a day, and in the posts that link to them."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, cast

from pymongo.errors import DuplicateKeyError

from kwip.domain.media.link_previews import LinkPreview, PreviewImage, PreviewKind
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.posts import Post
    from kwip.store.client import Document, Store

#: How long a preview is used for further posts, and how much later it is deleted: a
#: post that is just about to use it must not lose its picture.
LIFETIME, DELETED_LATER = dt.timedelta(days=1), dt.timedelta(hours=1)
#: The field of a post that waits for a preview.
PREVIEW_DUE = "preview_due_at"
#: A job of a new post that the queue has lost is enqueued again after this.
SWEEP_AFTER = dt.timedelta(seconds=5)
_ID_BYTES = 16
_HAS_IMAGE = {"preview.image.file": {"$gt": ""}}


class ImageDocument(TypedDict):
    """The picture of a preview."""

    file: str
    width: int
    height: int
    blurhash: str | None
    description: str


class PreviewDocument(TypedDict):
    """A preview, as its post carries it."""

    url: str
    kind: str
    title: str
    description: str
    author_name: str
    provider_name: str
    image: ImageDocument | None


class Known(NamedTuple):
    """What was found at an address: a preview, or nothing."""

    preview: LinkPreview | None


class Claimed(NamedTuple):
    """The right to fetch an address, for the first time or again.

    `old` is what was known of it until now.
    """

    attempts: int
    old: LinkPreview | None


class Busy(NamedTuple):
    """When to look again: somebody else is fetching it, or it failed."""

    until: dt.datetime | None


class LinkPreviewStore(DueWork):
    """The `link_previews` collection; due is what is deleted."""

    def __init__(self, store: Store):
        self._previews = store.database["link_previews"]
        super().__init__(self._previews, {})

    @translated()
    def claim(
        self, url: str, holder: str, now: dt.datetime, lease: dt.timedelta
    ) -> Known | Claimed | Busy:
        """Return what is known of an address, or the right to fetch it.

        One command or two. Of any number of claims at once, one gets the right.
        """
        key = {"_id": _id_of(url)}
        ready_at = now + lease
        values = {
            "schema": schema_of("link_previews"),
            "url": url,
            "owner": holder,
            "is_known": False,
            "preview": None,
            "ready_at": ready_at,
            "due_at": ready_at + LIFETIME,
        }
        try:
            before: Any = self._previews.find_one_and_update(
                key | {"ready_at": {"$lte": now}},
                {"$set": values, "$inc": {"attempts": 1}},
                upsert=True,
            )
        except DuplicateKeyError:
            found = self._previews.find_one(key)
            if found is None:
                return Busy(None)
            if found["is_known"]:
                return Known(to_preview(found["preview"]))
            return Busy(None if found["owner"] else found["ready_at"])
        if before is None:
            return Claimed(1, None)
        return Claimed(before["attempts"] + 1, to_preview(before["preview"]))

    @translated()
    def finish(
        self, url: str, holder: str, preview: LinkPreview | None, ready_at: dt.datetime
    ) -> None:
        """Store what was found, if the claim still holds."""
        values = {
            "owner": None,
            "attempts": 0,
            "is_known": True,
            "preview": preview and to_document(preview),
            "ready_at": ready_at,
            "due_at": ready_at + DELETED_LATER,
        }
        key = {"_id": _id_of(url), "owner": holder}
        self._previews.update_one(key, {"$set": values})

    @translated()
    def postpone(
        self, url: str, holder: str, ready_at: dt.datetime, *, counts: bool
    ) -> None:
        """Let an address be tried again at a time; whether this attempt counts."""
        key = {"_id": _id_of(url), "owner": holder}
        change: Document = {"$set": {"owner": None, "ready_at": ready_at}}
        if not counts:
            change["$inc"] = {"attempts": -1}
        self._previews.update_one(key, change)

    @translated()
    def forget(self, url: str) -> Known | None:
        """Delete what is known of an address, if anything is; return it."""
        return _taken(self._previews.find_one_and_delete({"_id": _id_of(url)}))

    @translated()
    def expire(self, preview_id: str, until: dt.datetime) -> Known | None:
        """Delete what is known of an address if it is due by a time; return it."""
        key = {"_id": preview_id, "due_at": {"$lte": until}}
        return _taken(self._previews.find_one_and_delete(key))

    @translated()
    def uses(self, file: str) -> bool:
        """Return whether the preview of an address has a picture."""
        return self._previews.find_one({"preview.image.file": file}) is not None

    @translated()
    def files(self) -> list[str]:
        """Read the names of all pictures, for operators."""
        found = self._previews.find(_HAS_IMAGE, {"preview.image.file": 1})
        return [d["preview"]["image"]["file"] for d in found]


class PostPreviewStore(DueWork):
    """The previews in posts, and the posts that wait for one, or for another one."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]
        super().__init__(self._posts, {}, due_at=PREVIEW_DUE)

    @translated()
    def settle(self, post: Post, preview: LinkPreview | None) -> bool:
        """Store what a post's link leads to; False if the post changed meanwhile.

        Its `version` stays, as with counts: nobody edits this.
        """
        change: Document = {"$unset": {PREVIEW_DUE: 1}}
        if preview is None:
            change["$unset"]["preview"] = 1
        else:
            change["$set"] = {"preview": to_document(preview)}
        result = self._posts.update_one(
            {"_id": post.id, "version": post.version, "is_tombstone": False}, change
        )
        return result.matched_count == 1

    @translated()
    def waits(self, post_id: PostId) -> bool:
        """Return whether a post still waits for a preview."""
        key = {"_id": post_id, PREVIEW_DUE: {"$exists": True}}
        return self._posts.find_one(key, {"_id": 1}) is not None

    @translated()
    def postpone(self, post_id: PostId, due_at: dt.datetime) -> None:
        """Let a post wait until a time, if it still waits."""
        key = {"_id": post_id, PREVIEW_DUE: {"$exists": True}}
        self._posts.update_one(key, {"$set": {PREVIEW_DUE: due_at}})

    @translated()
    def uses(self, file: str) -> bool:
        """Return whether the preview in a post has a picture."""
        query = {"preview.image.file": file}
        return self._posts.find_one(query, {"_id": 1}) is not None

    @translated()
    def files(self) -> list[tuple[UserId, str]]:
        """Read the names of all pictures, each with its author, for operators."""
        fields = {"author_id": 1, "preview.image.file": 1}
        found = self._posts.find(_HAS_IMAGE, fields)
        return [(d["author_id"], d["preview"]["image"]["file"]) for d in found]


def to_document(preview: LinkPreview) -> PreviewDocument:
    """Return a preview as its post carries it."""
    return cast("PreviewDocument", asdict(preview) | {"kind": preview.kind.value})


def change_of_preview(
    old: Post, new: Post, now: dt.datetime
) -> tuple[Document, Document]:
    """Return what an edit sets and unsets, so that another link is looked up."""
    if old.link_to_preview == new.link_to_preview:
        return {}, {}
    if new.link_to_preview is None:
        return {}, {"preview": 1, PREVIEW_DUE: 1}
    return {PREVIEW_DUE: now + SWEEP_AFTER}, {"preview": 1}


def to_preview(d: PreviewDocument | None) -> LinkPreview | None:
    """Convert what a post carries to a preview."""
    if d is None:
        return None
    return LinkPreview(
        url=d["url"],
        kind=PreviewKind(d["kind"]),
        title=d["title"],
        description=d["description"],
        author_name=d["author_name"],
        provider_name=d["provider_name"],
        image=None if d["image"] is None else PreviewImage(**d["image"]),
    )


def _id_of(url: str) -> str:
    return blake2b(url.encode(), digest_size=_ID_BYTES).hexdigest()


def _taken(found: Document | None) -> Known | None:
    return None if found is None else Known(to_preview(found["preview"]))
