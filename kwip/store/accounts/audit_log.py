"""The audit log. Nothing here changes or deletes an entry, and nothing else may."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pymongo import DESCENDING

from kwip.domain.audit_log import Action, Actor, AuditEntry
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from kwip.store.client import Document, Store


class AuditLogStore:
    """Add entries to the `audit_log` collection, and read them."""

    def __init__(self, store: Store):
        self._entries = store.database["audit_log"]

    @translated()
    def append(self, entry: AuditEntry) -> None:
        """Store an entry."""
        values = asdict(entry)
        document = {"_id": values.pop("id"), "schema": schema_of("audit_log")}
        self._entries.insert_one({**document, **values})

    @translated()
    def newest(self, limit: int, subject: str | None = None) -> list[AuditEntry]:
        """Return the newest entries first, only those about `subject` if it is given.

        Args:
            limit: How many to return at most, at least 1.
            subject: Of all entries, the ones to return.
        """
        only = {} if subject is None else {"subject": subject}
        found = self._entries.find(only).sort("_id", DESCENDING).limit(limit)
        return [_entry(document) for document in found]


def _entry(document: Document) -> AuditEntry:
    return AuditEntry(
        id=document["_id"],
        at=document["at"],
        actor=Actor(**document["actor"]),
        action=Action(document["action"]),
        subject=document["subject"],
        reason=document["reason"],
        details=document["details"],
    )
