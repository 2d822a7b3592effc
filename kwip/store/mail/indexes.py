"""The indexes of the collections of mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING

from kwip.store.index import Index, ttl

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIL_INDEXES: Mapping[str, tuple[Index, ...]] = {
    "mails": (
        Index(
            (("due_at", ASCENDING),),
            "MailStore.take_due: mails to send that the sweeper enqueues",
            {"partialFilterExpression": {"state": "pending"}},
        ),
        Index(
            (("state", ASCENDING), ("created_at", ASCENDING)),
            "MailStore.listed: what waits, and dead letters",
        ),
        Index((("user_id", ASCENDING), ("kind", ASCENDING)), "MailStore.use: links"),
        ttl("mails are forgotten after 30 days"),
    ),
    "mail_preferences": (
        Index(
            (("due_at", ASCENDING),),
            "MailPreferenceStore.take_due: who gets notifications by mail now",
            {"partialFilterExpression": {"due_at": {"$exists": True}}},
        ),
    ),
}
