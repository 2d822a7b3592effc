"""Check that attachments and posts agree on which post has which, and repair it.

A post is stored in one transaction with its attachments, so they can only disagree
after something else went wrong, for example a backup that was restored in part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kwip.domain.ids import AttachmentId, PostId
from kwip.domain.media.attachments import UploadState
from kwip.domain.posting.posts import Visibility
from kwip.store.client import translated
from kwip.store.paging import page_after
from kwip.store.posting.media.attachments import to_attachment
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from kwip.domain.media.attachments import Attachment
    from kwip.store.client import Document, Store

_OF_POST = {"author_id": 1, "visibility": 1, "media": 1}


class Pair(NamedTuple):
    """A post and an attachment, at least one of which names the other."""

    post_id: PostId
    attachment_id: AttachmentId


class PairPage(NamedTuple):
    """A page of documents: the last id, how many, and their pairs."""

    last: int
    size: int
    pairs: list[Pair]


class Problem(NamedTuple):
    """What is wrong with a pair, and what the repair does; empty if it can't."""

    text: str
    repair: str


NOT_SHOWN = Problem(
    "the attachment's post does not have it",
    "detach it, so that it is removed in a day",
)
MISSING = Problem(
    "the post's attachment does not exist", "write the attachment from its post"
)
DETACHED = Problem("the post's attachment says that it is in no post", "attach it")
ELSEWHERE = Problem("the post's attachment is in another post, or another user's", "")


class AttachmentAuditStore:
    """Pages, second checks in one snapshot, and repairs."""

    def __init__(self, store: Store):
        self._store = store
        self._posts = store.database["posts"]
        self._attachments = store.database["attachments"]

    @translated()
    def attached_after(self, after: int, limit: int) -> PairPage:
        """Page attachments, with the posts that they name."""
        page = list(page_after(self._attachments, {}, after, limit, {"post_id": 1}))
        pairs = [
            Pair(PostId(d["post_id"]), AttachmentId(d["_id"]))
            for d in page
            if d["post_id"] is not None
        ]
        return PairPage(page[-1]["_id"] if page else after, len(page), pairs)

    @translated()
    def shown_after(self, after: int, limit: int) -> PairPage:
        """Page posts, with the attachments that they show."""
        page = list(page_after(self._posts, {}, after, limit, {"media.id": 1}))
        pairs = [
            Pair(PostId(d["_id"]), AttachmentId(m["id"]))
            for d in page
            for m in d.get("media", ())
        ]
        return PairPage(page[-1]["_id"] if page else after, len(page), pairs)

    @translated()
    def wrong_among(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return the pairs that do not name each other, in two queries."""
        if not pairs:
            return []
        post_ids, ids = ({each[side] for each in pairs} for side in (0, 1))
        posts = self._posts.find({"_id": {"$in": list(post_ids)}}, {"media.id": 1})
        shown = {(d["_id"], m["id"]) for d in posts for m in d.get("media", ())}
        found = self._attachments.find({"_id": {"$in": list(ids)}}, {"post_id": 1})
        attached = {(d["post_id"], d["_id"]) for d in found}
        return [each for each in pairs if each not in shown & attached]

    def confirm(self, pair: Pair) -> Problem | None:
        """Return what is wrong with a pair, in one snapshot."""

        def look(session: Any) -> Problem | None:
            return _problem(pair, *self._both(pair, session))

        return self._store.transact(look)

    def repair(self, pair: Pair, now: dt.datetime) -> tuple[Attachment, bool] | None:
        """Make a pair agree, as its post says, unless the attachment is elsewhere.

        Returns the attachment if the post has it, and whether everybody may see it.
        The size of one that was lost is unknown, and counts as 0.
        """

        def work(session: Any) -> tuple[Attachment, bool] | None:
            post, attachment = self._both(pair, session)
            problem = _problem(pair, post, attachment)
            key = {"_id": pair.attachment_id}
            if problem is NOT_SHOWN:
                values = {"post_id": None, "due_at": now}
                self._attachments.update_one(key, {"$set": values}, session=session)
            if post is None or problem not in {MISSING, DETACHED}:
                return None
            values = _attached(pair, post, now)
            if problem is MISSING:
                self._attachments.insert_one(key | values, session=session)
            else:
                kept = ("state", "post_id", "is_open", "due_at")
                values = {name: values[name] for name in kept}
                self._attachments.update_one(key, {"$set": values}, session=session)
            return to_attachment(_shown(pair, post)), _is_open(post)

        return self._store.transact(work)

    def _both(
        self, pair: Pair, session: Any
    ) -> tuple[Document | None, Document | None]:
        post = self._posts.find_one({"_id": pair.post_id}, _OF_POST, session=session)
        key = {"_id": pair.attachment_id}
        return post, self._attachments.find_one(key, session=session)


def pages_of(
    read: Callable[[int, int], PairPage], store: AttachmentAuditStore, limit: int
) -> Iterator[tuple[int, Iterator[tuple[Pair, Problem]]]]:
    """Iterate over pages: how many documents, and their pairs that do not agree."""
    after = 0
    while (page := read(after, limit)).size:
        after = page.last
        found = store.wrong_among(page.pairs)
        confirmed = ((each, store.confirm(each)) for each in found)
        yield page.size, ((each, wrong) for each, wrong in confirmed if wrong)


def _problem(
    pair: Pair, post: Document | None, attachment: Document | None
) -> Problem | None:
    is_attached = attachment is not None and attachment["post_id"] == pair.post_id
    if _shown(pair, post) is None:
        return NOT_SHOWN if is_attached else None
    if is_attached:
        return None
    if attachment is None:
        return MISSING
    is_free = attachment["post_id"] is None
    is_own = post is not None and attachment["owner_id"] == post["author_id"]
    return DETACHED if is_free and is_own else ELSEWHERE


def _shown(pair: Pair, post: Document | None) -> Any:
    media = post.get("media", ()) if post else ()
    return next((each for each in media if each["id"] == pair.attachment_id), None)


def _is_open(post: Document) -> bool:
    return Visibility(post["visibility"]).is_open


def _attached(pair: Pair, post: Document, now: dt.datetime) -> Document:
    return {
        "schema": schema_of("attachments"),
        "owner_id": post["author_id"],
        "state": UploadState.READY.value,
        "post_id": pair.post_id,
        "is_open": _is_open(post),
        "size_bytes": 0,
        "created_at": now,
        "due_at": None,
        "media": _shown(pair, post),
    }
