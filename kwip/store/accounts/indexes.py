"""The indexes of accounts, of what their owners do with them, and of staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.store.index import Index, ttl

if TYPE_CHECKING:
    from collections.abc import Mapping

_HAS_WORK = {"partialFilterExpression": {"due_at": {"$exists": True}}}

OWN_DATA_INDEXES: Mapping[str, tuple[Index, ...]] = {
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

ACCOUNT_INDEXES: Mapping[str, tuple[Index, ...]] = {
    "sessions": (ttl("sessions expire"),),
    "tokens": (),
    "blocked_email_domains": (),
    "site_settings": (),
    "site_changes": (),
    "announcements": (),
    "discovery_rules": (),
    "invitations": (
        Index((("created_at", DESCENDING),), "InvitationStore.newest: for staff"),
        Index(
            (("creator_id", ASCENDING), ("created_at", DESCENDING)),
            "InvitationStore.of_creator: somebody's invitations",
        ),
    ),
    "invited": (
        Index((("code", ASCENDING),), "InvitationStore.invited_by: who came by one"),
        Index(
            (("inviter_id", ASCENDING),),
            "DeletionStore.forget: whom a user invited",
            {"partialFilterExpression": {"inviter_id": {"$gt": 0}}},
        ),
    ),
    "applications": (
        Index(
            (("username", ASCENDING),),
            "ApplicationStore.find, UserStore.credentials_of: by name",
        ),
        Index((("email_key", ASCENDING),), "UserStore.credentials_of: by address"),
    ),
    "wait_list": (
        Index(
            (("confirmed_at", ASCENDING),),
            "WaitListStore.oldest: who waits",
            {"partialFilterExpression": {"is_confirmed": True}},
        ),
        ttl("addresses are deleted after 180 days, or 48 hours if not confirmed"),
    ),
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
