"""The indexes of what users and staff do with accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.store.index import Index

if TYPE_CHECKING:
    from collections.abc import Mapping

_HAS_WORK = {"partialFilterExpression": {"due_at": {"$exists": True}}}

ACCOUNT_INDEXES: Mapping[str, tuple[Index, ...]] = {
    "exports": (
        Index(
            (("due_at", ASCENDING),),
            "TransferStore.take_due: archives to make or to delete",
            _HAS_WORK,
        ),
    ),
    "imports": (
        Index(
            (("due_at", ASCENDING),),
            "TransferStore.take_due: files to import or to delete",
            _HAS_WORK,
        ),
    ),
    "closures": (
        Index(
            (("due_at", ASCENDING),),
            "ClosureStore.take_due: closed accounts to delete",
        ),
    ),
}

AUDIT_INDEXES: Mapping[str, tuple[Index, ...]] = {
    "audit_log": (
        Index(
            (("subject", ASCENDING), ("_id", DESCENDING)),
            "AuditLogStore.page: what was done to a user",
        ),
        Index(
            (("actor.name", ASCENDING), ("_id", DESCENDING)),
            "AuditLogStore.page: what somebody did",
        ),
        Index(
            (("action", ASCENDING), ("_id", DESCENDING)),
            "AuditLogStore.page: one kind of act",
        ),
    ),
}
