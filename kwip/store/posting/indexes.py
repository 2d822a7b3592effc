"""The indexes of what posts are made from: uploads and drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.store.index import Index, ttl

if TYPE_CHECKING:
    from collections.abc import Mapping

POSTING_INDEXES: Mapping[str, tuple[Index, ...]] = {
    "attachments": (
        Index(
            (("owner_id", ASCENDING), ("size_bytes", ASCENDING)),
            "AttachmentStore.bytes_of: a user's quota, answered from the index alone",
        ),
        Index(
            (("media.file", ASCENDING), ("is_open", ASCENDING)),
            "AttachmentStore.used: which files are still used",
        ),
        Index(
            (("due_at", ASCENDING),),
            "AttachmentStore.take_due: uploads to remove that the sweeper enqueues",
            {"partialFilterExpression": {"post_id": None}},
        ),
    ),
    "drafts": (
        Index(
            (("owner_id", ASCENDING), ("updated_at", DESCENDING)),
            "DraftStore.of_owner, upcoming and holds: a user's drafts",
        ),
        Index(
            (("due_at", ASCENDING),),
            "DraftStore.take_due: what is to be posted that the sweeper enqueues",
        ),
    ),
    "blogs": (
        Index(
            (("owner_id", ASCENDING), ("_id", ASCENDING)),
            "BlogStore.of_owner: a user's blogs",
        ),
        Index(
            (("due_at", ASCENDING),),
            "BlogStore.take_due: feeds to read that the sweeper enqueues",
        ),
    ),
    "guest_replies": (
        Index(
            (("post_id", ASCENDING), ("state", ASCENDING), ("_id", ASCENDING)),
            "GuestReplyStore.shown, forget_post and waiting_for: those to a post",
        ),
        Index(
            (("author_id", ASCENDING), ("state", ASCENDING), ("_id", ASCENDING)),
            "GuestReplyStore.waiting: what an author is to decide; also for deletion",
        ),
        Index(
            (("sender", ASCENDING), ("state", ASCENDING)),
            "GuestReplyStore.add: those of an address",
        ),
        ttl("replies that nobody confirms, or decides about"),
    ),
}
