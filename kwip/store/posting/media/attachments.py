"""Attachments: a document for each uploaded file, until its post is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from pymongo import ASCENDING, UpdateOne

from kwip.domain.ids import AttachmentId, PostId, UserId
from kwip.domain.media.attachments import (
    LOST,
    UNATTACHED_LIFETIME,
    Attachment,
    AttachmentKind,
    Upload,
    UploadState,
    refused_attachments,
)
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kwip.domain.posting.posts import Post
    from kwip.store.client import Document, Store


class MediaDocument(TypedDict):
    """An attachment as its post carries it."""

    id: AttachmentId
    kind: str
    file: str
    variants: list[str]
    width: int
    height: int
    small_width: int
    small_height: int
    blurhash: str | None
    description: str
    focus_x: float
    focus_y: float
    duration_s: float | None


class ProcessingDocument(TypedDict):
    """How far the conversion of a video or sound has come.

    `source` names the uploaded file. Until `leased_until`, a worker is at it.
    """

    source: str
    attempts: int
    worker: str
    leased_until: dt.datetime


class AttachmentDocument(TypedDict):
    """An upload.

    `due_at` is when the sweeper takes it up: what is attached has none. `is_open` says
    that its files are among those of open posts. `processing` is there while a video
    or sound is to be converted; afterwards `problem` says why it could not be.
    `withheld` is there while its owner is suspended: `open` or `private`, which its
    files are at other times.
    """

    _id: AttachmentId
    schema: int
    owner_id: UserId
    state: str
    post_id: PostId | None
    is_open: bool
    size_bytes: int
    created_at: dt.datetime
    due_at: dt.datetime | None
    media: MediaDocument
    processing: NotRequired[ProcessingDocument]
    problem: NotRequired[str]
    withheld: NotRequired[str]


class AttachmentStore(DueWork):
    """The `attachments` collection.

    Due is what waited too long for a post, or for its files to be deleted.
    """

    def __init__(self, store: Store):
        self._attachments = store.database["attachments"]
        super().__init__(
            self._attachments,
            {"post_id": None, **_UNCONVERTED_APART},
            shard_key="owner_id",
            job_id="{owner_id}:{_id}",
        )

    @translated()
    def insert(self, upload: Upload, now: dt.datetime) -> None:
        """Store an upload that has no post yet."""
        self._attachments.insert_one(_to_document(upload, now))

    @translated()
    def of_owner(
        self, owner_id: UserId, ids: Sequence[AttachmentId]
    ) -> dict[AttachmentId, Upload]:
        """Read which of these a user has, in one query."""
        found = self._attachments.find(
            {"owner_id": owner_id, "_id": {"$in": list(ids)}, **_THERE}
        )
        return {AttachmentId(d["_id"]): to_upload(d) for d in found}

    @translated()
    def after(self, after: int, limit: int) -> list[Upload]:
        """Page all uploads by id, for operators."""
        found = self._attachments.find({"_id": {"$gt": after}}).sort("_id", ASCENDING)
        return [to_upload(d) for d in found.limit(limit)]

    @translated()
    def owned_by(self, owner_id: UserId, limit: int) -> list[AttachmentId]:
        """List some of a user's uploads, those being removed too."""
        found = self._attachments.find({"owner_id": owner_id}, {"_id": 1}).limit(limit)
        return [AttachmentId(d["_id"]) for d in found]

    @translated()
    def find(self, attachment_id: AttachmentId) -> Upload | None:
        """Find one by its id, whoever has it, unless it is withheld."""
        found = self._attachments.find_one(
            {"_id": attachment_id, "withheld": None, **_THERE}
        )
        return None if found is None else to_upload(found)

    @translated()
    def bytes_of(self, owner_id: UserId) -> int:
        """Sum the bytes that a user has stored; answered from the index alone."""
        pipeline: list[Document] = [
            {"$match": {"owner_id": owner_id}},
            {"$group": {"_id": None, "bytes": {"$sum": "$size_bytes"}}},
        ]
        return sum(int(d["bytes"]) for d in self._attachments.aggregate(pipeline))

    @translated()
    def describe(self, owner_id: UserId, attachment: Attachment) -> bool:
        """Store the words about an unattached one; False if it is not there."""
        result = self._attachments.update_one(
            {"_id": attachment.id, "owner_id": owner_id, "post_id": None, **_THERE},
            {"$set": _words_of(attachment)},
        )
        return result.matched_count == 1

    @translated()
    def hold(
        self, owner_id: UserId, ids: Sequence[AttachmentId], now: dt.datetime
    ) -> None:
        """Keep unattached ones for a whole day again; others stay as they are."""
        self._attachments.update_many(
            {
                "_id": {"$in": list(ids)},
                "owner_id": owner_id,
                "post_id": None,
                "is_open": False,
                "state": {"$nin": _NOT_HELD},
            },
            {"$max": {"due_at": now + UNATTACHED_LIFETIME}},
        )

    @translated()
    def discard(
        self, owner_id: UserId, attachment_id: AttachmentId, now: dt.datetime
    ) -> bool:
        """Mark one as removed, so that its files go next; False if it has a post."""
        result = self._attachments.update_one(
            {"_id": attachment_id, "owner_id": owner_id, "post_id": None},
            {"$set": {"state": UploadState.REMOVED.value, "due_at": now}},
        )
        return result.matched_count == 1

    @translated()
    def used(self, files: Sequence[str], *, is_open: bool) -> set[str]:
        """Return which of these files attachments use, in one of the two places."""
        query = {"media.file": {"$in": list(files)}, "is_open": is_open, **_THERE}
        found = self._attachments.find(query, {"media.file": 1})
        return {d["media"]["file"] for d in found}

    @translated()
    def hidden(self, upload: Upload, now: dt.datetime) -> bool:
        """Note that the files of an unattached one are no longer open.

        It waits for a post for a whole day again. False if it has one meanwhile.
        """
        result = self._attachments.update_one(
            {"_id": upload.id, "owner_id": upload.owner_id, "post_id": None, **_THERE},
            {"$set": {"is_open": False, "due_at": now + UNATTACHED_LIFETIME}},
        )
        return result.modified_count == 1

    @translated()
    def remove(self, upload: Upload) -> bool:
        """Delete the document of one whose files are gone, unless it is attached."""
        result = self._attachments.delete_one(
            {"_id": upload.id, "owner_id": upload.owner_id, "post_id": None}
        )
        return result.deleted_count == 1

    @translated()
    def unsettled(
        self, owner_id: UserId, ids: Sequence[AttachmentId], until: dt.datetime
    ) -> list[Upload]:
        """Read those of a user that are due by a time, the removed ones too."""
        found = self._attachments.find(
            {
                "owner_id": owner_id,
                "_id": {"$in": list(ids)},
                "due_at": {"$lte": until},
                **_UNCONVERTED_APART,
            }
        )
        return [to_upload(d) for d in found]


#: What is to be converted is due for that.
_UNCONVERTED_APART = {"state": {"$ne": UploadState.PROCESSING.value}}
#: What is due for something else than being removed.
_NOT_HELD = [UploadState.PROCESSING.value, UploadState.REMOVED.value]
#: What is not about to be removed.
_THERE = {"state": {"$ne": UploadState.REMOVED.value}}


def attach(
    attachments: Any, post: Post, media: Sequence[Attachment], session: Any
) -> None:
    """Give uploads to a post, with the words that the post has about them.

    Must run in the transaction that stores the post.

    Raises:
        InvalidError: One is not the author's, is not ready, or has another post.
    """
    if not media:
        return
    changes = {
        "post_id": post.id,
        "is_open": post.visibility.is_open,
        "due_at": None,
    }
    updates = [
        UpdateOne(
            {
                "_id": each.id,
                "owner_id": post.author_id,
                "state": UploadState.READY.value,
                "post_id": None,
            },
            {"$set": changes | _words_of(each)},
        )
        for each in media
    ]
    result = attachments.bulk_write(updates, session=session)
    if result.matched_count != len(media):
        raise refused_attachments(LOST)


def detach(
    attachments: Any,
    post: Post,
    ids: Sequence[AttachmentId],
    now: dt.datetime,
    session: Any,
    *,
    keeps: bool = False,
) -> None:
    """Take attachments from a post; they are removed next, or kept for another post.

    Those that are kept are made private next, unless they are. Must run in the
    transaction that changes the post.
    """
    if not ids:
        return
    state = UploadState.READY if keeps else UploadState.REMOVED
    is_done = keeps and not post.visibility.is_open
    due_at = now + UNATTACHED_LIFETIME if is_done else now
    attachments.update_many(
        {"_id": {"$in": list(ids)}, "owner_id": post.author_id, "post_id": post.id},
        {"$set": {"post_id": None, "state": state.value, "due_at": due_at}},
        session=session,
    )


def reattach(
    attachments: Any, old: Post, new: Post, now: dt.datetime, session: Any
) -> None:
    """Follow an edit: attach what is new, remove what is gone, store changed words.

    Must run in the transaction that edits the post.

    Raises:
        InvalidError: As in `attach`.
    """
    before = {each.id: each for each in old.media}
    after = {each.id for each in new.media}
    attach(attachments, new, [m for m in new.media if m.id not in before], session)
    gone = [each for each in before if each not in after]
    detach(attachments, old, gone, now, session)
    described = [m for m in new.media if m.id in before and before[m.id] != m]
    for each in described:
        attachments.update_one(
            {"_id": each.id, "owner_id": old.author_id},
            {"$set": _words_of(each)},
            session=session,
        )


def _to_document(upload: Upload, now: dt.datetime) -> Document:
    document: AttachmentDocument = {
        "_id": upload.id,
        "schema": schema_of("attachments"),
        "owner_id": upload.owner_id,
        "state": upload.state.value,
        "post_id": upload.post_id,
        "is_open": upload.is_open,
        "size_bytes": upload.size_bytes,
        "created_at": now,
        "due_at": now + UNATTACHED_LIFETIME,
        "media": to_media(upload.attachment),
    }
    if upload.source is not None:
        document["due_at"] = now
        document["processing"] = {
            "source": upload.source,
            "attempts": 0,
            "worker": "",
            "leased_until": now,
        }
    return dict(document)


def to_media(attachment: Attachment) -> MediaDocument:
    """Return an attachment as its post carries it."""
    return {
        "id": attachment.id,
        "kind": attachment.kind.value,
        "file": attachment.file,
        "variants": list(attachment.variants),
        "width": attachment.width,
        "height": attachment.height,
        "small_width": attachment.small_width,
        "small_height": attachment.small_height,
        "blurhash": attachment.blurhash,
        "description": attachment.description,
        "focus_x": attachment.focus_x,
        "focus_y": attachment.focus_y,
        "duration_s": attachment.duration_s,
    }


def to_attachment(d: MediaDocument) -> Attachment:
    """Convert what a post carries to an attachment."""
    return Attachment(
        id=AttachmentId(d["id"]),
        kind=AttachmentKind(d["kind"]),
        file=d["file"],
        variants=tuple(d["variants"]),
        width=d["width"],
        height=d["height"],
        small_width=d["small_width"],
        small_height=d["small_height"],
        blurhash=d["blurhash"],
        description=d["description"],
        focus_x=d["focus_x"],
        focus_y=d["focus_y"],
        duration_s=d["duration_s"],
    )


def to_upload(d: Document) -> Upload:
    """Convert a stored document to an upload."""
    return Upload(
        attachment=to_attachment(d["media"]),
        owner_id=UserId(d["owner_id"]),
        state=UploadState(d["state"]),
        post_id=d["post_id"],
        is_open=d["is_open"],
        size_bytes=d["size_bytes"],
        due_at=d["due_at"],
        source=d.get("processing", {}).get("source"),
        problem=d.get("problem", ""),
    )


def _words_of(attachment: Attachment) -> Document:
    return {
        "media.description": attachment.description,
        "media.focus_x": attachment.focus_x,
        "media.focus_y": attachment.focus_y,
    }
