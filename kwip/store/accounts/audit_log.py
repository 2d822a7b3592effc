"""The audit log. Nothing here changes or deletes an entry, and nothing else may."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pymongo import DESCENDING

from kwip.domain.accounts.audit_log import Action, Actor, AuditEntry
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession

    from kwip.domain.accounts.audit_log import AuditQuery
    from kwip.store.client import Document, Store


class AuditLogStore:
    """Add entries to the `audit_log` collection, and read them."""

    def __init__(self, store: Store):
        self._entries = store.database["audit_log"]

    @translated()
    def append(self, entry: AuditEntry, session: ClientSession | None = None) -> None:
        """Store an entry, in a transaction if there is one."""
        values = asdict(entry)
        document = {"_id": values.pop("id"), "schema": schema_of("audit_log")}
        self._entries.insert_one({**document, **values}, session=session)

    @translated()
    def page(self, asked: AuditQuery) -> list[AuditEntry]:
        """Return entries, the newest first."""
        names = {"actor.name": asked.actor, "subject": asked.subject}
        query: Document = {name: value for name, value in names.items() if value}
        if asked.action is not None:
            query["action"] = asked.action
        if asked.before is not None:
            query["_id"] = {"$lt": asked.before}
        found = self._entries.find(query).sort("_id", DESCENDING).limit(asked.limit)
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
