"""Saved drafts, and those that are scheduled."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pymongo import ASCENDING, DESCENDING, ReturnDocument

from kwip.domain.ids import AttachmentId, PostId, UserId
from kwip.domain.posting.drafts import SavedDraft
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, QuotePolicy, ReplyPolicy, Visibility
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kwip.store.client import Document, Store

_Policy = TypeVar("_Policy", QuotePolicy, ReplyPolicy)

#: A user has no more, scheduled ones included.
_MOST = 500


class DraftStore(DueWork):
    """The `drafts` collection; due is what is to be posted."""

    def __init__(self, store: Store):
        self._drafts = store.database["drafts"]
        super().__init__(
            self._drafts, {}, shard_key="owner_id", job_id="{owner_id}:{_id}"
        )

    @translated()
    def insert(self, draft: SavedDraft) -> None:
        """Store a new draft; one with the same id stays as it is."""
        self._drafts.update_one(
            {"_id": draft.id, "owner_id": draft.owner_id},
            {"$setOnInsert": {"schema": schema_of("drafts"), **_fields(draft)}},
            upsert=True,
        )

    @translated()
    def replace(self, draft: SavedDraft, version: int) -> bool:
        """Store a draft that was made of a version; False if that has changed."""
        done = self._drafts.update_one(
            {
                "_id": draft.id,
                "owner_id": draft.owner_id,
                "version": version,
                "is_sending": False,
            },
            {"$set": _fields(draft)},
        )
        return done.matched_count == 1

    @translated()
    def find(self, owner_id: UserId, draft_id: int) -> SavedDraft | None:
        """Return one of a user's drafts."""
        found = self._drafts.find_one({"_id": draft_id, "owner_id": owner_id})
        return None if found is None else _to_draft(found)

    @translated()
    def of_owner(self, owner_id: UserId) -> list[SavedDraft]:
        """Return all of a user's drafts, the last one changed first; one query."""
        found = self._drafts.find({"owner_id": owner_id})
        newest = found.sort("updated_at", DESCENDING).limit(_MOST)
        return [_to_draft(d) for d in newest.batch_size(_MOST)]

    @translated()
    def delete(self, owner_id: UserId, draft_id: int) -> SavedDraft | None:
        """Delete a draft that is not being posted; return it as it was."""
        gone = self._drafts.find_one_and_delete(
            {"_id": draft_id, "owner_id": owner_id, "is_sending": False}
        )
        return None if gone is None else _to_draft(gone)

    @translated()
    def holds(self, owner_id: UserId, ids: Sequence[AttachmentId]) -> set[AttachmentId]:
        """Return which of these uploads are in a draft of their owner."""
        held = "content.attachment_ids"
        found = self._drafts.find(
            {"owner_id": owner_id, held: {"$in": list(ids)}}, {held: 1}
        )
        return {
            AttachmentId(i) for d in found for i in d["content"]["attachment_ids"]
        } & set(ids)

    @translated()
    def begin(
        self, owner_id: UserId, draft_id: int, now: dt.datetime
    ) -> SavedDraft | None:
        """Let nobody change a draft whose time has come; None if it has not."""
        found = self._drafts.find_one_and_update(
            {"_id": draft_id, "owner_id": owner_id, "scheduled_at": {"$lte": now}},
            {"$set": {"is_sending": True}},
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _to_draft(found)

    @translated()
    def finish(self, draft: SavedDraft) -> None:
        """Delete a draft that was posted."""
        self._drafts.delete_one(
            {"_id": draft.id, "owner_id": draft.owner_id, "is_sending": True}
        )

    @translated()
    def fail(self, draft: SavedDraft, problem: str, now: dt.datetime) -> None:
        """Keep a draft that cannot be posted, and why; it is scheduled no more."""
        self._drafts.update_one(
            {
                "_id": draft.id,
                "owner_id": draft.owner_id,
                "version": draft.version,
                "is_sending": True,
            },
            {
                "$set": {
                    "scheduled_at": None,
                    "due_at": None,
                    "is_sending": False,
                    "problem": problem,
                    "updated_at": now,
                    "version": draft.version + 1,
                }
            },
        )

    @translated()
    def upcoming(self, owner_id: UserId) -> list[SavedDraft]:
        """Return what a user has scheduled, the next one first; one query."""
        found = self._drafts.find(
            {"owner_id": owner_id, "scheduled_at": {"$type": "date"}}
        )
        next_first = found.sort("scheduled_at", ASCENDING).limit(_MOST)
        return [_to_draft(d) for d in next_first.batch_size(_MOST)]


def _fields(draft: SavedDraft) -> Document:
    content = draft.content
    return {
        "version": draft.version,
        "updated_at": draft.updated_at,
        "scheduled_at": draft.scheduled_at,
        "due_at": draft.scheduled_at,
        "is_sending": draft.is_sending,
        "problem": draft.problem,
        "content": {
            "text": content.text,
            "warning": content.warning,
            "is_sensitive": content.is_sensitive,
            "visibility": content.visibility.value,
            "in_reply_to_id": content.in_reply_to_id,
            "quote_of_id": content.quote_of_id,
            "quote_policy": content.quote_policy,
            "reply_policy": content.reply_policy,
            "language": content.language,
            "source": content.source,
            "attachment_ids": list(content.attachment_ids),
            "poll": None if content.poll is None else _poll_document(content.poll),
            "to": list(content.to),
        },
    }


def _poll_document(poll: NewPoll) -> Document:
    return {
        "titles": list(poll.titles),
        "duration_s": poll.duration_s,
        "is_multiple": poll.is_multiple,
        "hides_totals": poll.hides_totals,
    }


def _to_draft(d: Document) -> SavedDraft:
    content = d["content"]
    poll = content["poll"]
    return SavedDraft(
        id=d["_id"],
        owner_id=UserId(d["owner_id"]),
        version=d["version"],
        updated_at=d["updated_at"],
        scheduled_at=d["scheduled_at"],
        is_sending=d["is_sending"],
        problem=d["problem"],
        content=Draft(
            text=content["text"],
            warning=content["warning"],
            is_sensitive=content["is_sensitive"],
            visibility=Visibility(content["visibility"]),
            in_reply_to_id=_post_id(content["in_reply_to_id"]),
            quote_of_id=_post_id(content["quote_of_id"]),
            quote_policy=_policy(QuotePolicy, content["quote_policy"]),
            # Drafts of before had no such choice.
            reply_policy=_policy(ReplyPolicy, content.get("reply_policy")),
            language=content["language"],
            source=content["source"],
            attachment_ids=tuple(map(AttachmentId, content["attachment_ids"])),
            poll=None
            if poll is None
            else NewPoll(**poll | {"titles": tuple(poll["titles"])}),
            to=tuple(content["to"]),
        ),
    )


def _policy(kind: type[_Policy], value: str | None) -> _Policy | None:
    return None if value is None else kind(value)


def _post_id(value: int | None) -> PostId | None:
    return None if value is None else PostId(value)
