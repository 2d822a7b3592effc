"""The indexes of the collection of push subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING

from kwip.store.index import Index

if TYPE_CHECKING:
    from collections.abc import Mapping

PUSH_INDEXES: Mapping[str, tuple[Index, ...]] = {
    "push_subscriptions": (
        Index(
            (("user_id", ASCENDING),),
            "PushSubscriptionStore.wake: the devices of users who have news",
        ),
        Index(
            (("due_at", ASCENDING),),
            "PushSubscriptionStore.take_due: which devices the sweeper enqueues",
        ),
        Index(
            (("endpoint", ASCENDING),),
            "PushSubscriptionStore.save: a browser that somebody else used before",
        ),
        Index(
            (("attempts", ASCENDING),),
            "PushSubscriptionStore.failing, PushSubscriptionStore.count: for operators",
            {"partialFilterExpression": {"attempts": {"$gt": 0}}},
        ),
    ),
}
