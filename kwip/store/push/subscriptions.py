"""Push subscriptions: the devices of users, and how far each of them was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pymongo import DESCENDING, ReturnDocument

from kwip.domain.accounts.two_factor import SealedKey
from kwip.domain.clock import to_ms
from kwip.domain.ids import UserId, first_id_at
from kwip.domain.push import PushPolicy, PushSubscription, PushTarget
from kwip.domain.timelines.notifications import NotificationKind
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    from kwip.store.client import Document, Store


class FailingPush(NamedTuple):
    """A subscription as operators see it: whose, where, and what went wrong last."""

    user_id: int
    holder: str
    endpoint: str
    attempts: int
    problem: str
    failing_since: dt.datetime


class PushSubscriptionStore(DueWork):
    """The `push_subscriptions` collection.

    One worker at a time has the lease on a subscription. It is due again when the lease
    ends, so that another worker goes on if this one has died.
    """

    def __init__(self, store: Store):
        self._subscriptions = store.database["push_subscriptions"]
        super().__init__(self._subscriptions, {})

    @translated()
    def save(
        self, subscription: PushSubscription, now: dt.datetime, due: dt.datetime
    ) -> None:
        """Store a subscription instead of an earlier one of the same holder.

        A browser or an app has one endpoint: others with the same one, such as of a
        session that its owner forgot to end, are removed.
        """
        document = _to_document(subscription, now, due)
        self._subscriptions.replace_one({"_id": subscription.id}, document, upsert=True)
        same: Document = {"endpoint": subscription.target.endpoint}
        if subscription.holder == "token":  # several accounts may share an app's relay
            same["user_id"] = subscription.user_id
        found = {each["_id"] for each in self._subscriptions.find(same, {"_id": 1})}
        if others := found - {subscription.id}:
            self._subscriptions.delete_many({"_id": {"$in": sorted(others)}})

    @translated()
    def find(self, subscription_id: str) -> PushSubscription | None:
        """Find the subscription of a session or token."""
        found = self._subscriptions.find_one({"_id": subscription_id})
        return None if found is None else _to_subscription(found)

    @translated()
    def choose(
        self,
        subscription_id: str,
        kinds: Collection[NotificationKind],
        policy: PushPolicy,
    ) -> PushSubscription | None:
        """Change what an app is told; None if it has no subscription."""
        found = self._subscriptions.find_one_and_update(
            {"_id": subscription_id},
            {"$set": {"kinds": sorted(kinds), "policy": policy.value}},
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _to_subscription(found)

    @translated()
    def move(self, endpoint: str, auth: str, target: PushTarget) -> None:
        """Change where the browser with an endpoint and a secret is told, if any is."""
        self._subscriptions.update_one(
            {"endpoint": endpoint, "auth": auth, "holder": "session"},
            {
                "$set": {
                    "endpoint": target.endpoint,
                    "p256dh": target.p256dh,
                    "auth": target.auth,
                }
            },
        )

    @translated()
    def drop(self, subscription_id: str) -> None:
        """Remove a subscription, if there is one."""
        self._subscriptions.delete_one({"_id": subscription_id})

    @translated()
    def wake(self, user_ids: Sequence[UserId], now: dt.datetime) -> list[str]:
        """Let the devices of some users be due now; return their ids.

        One query, and one more if there are any. Those whose push service does not take
        anything at the moment keep their time.
        """
        found = self._subscriptions.find(
            {"user_id": {"$in": list(user_ids)}, "attempts": 0}, {"_id": 1}
        )
        woken = [d["_id"] for d in found]
        if woken:
            self._subscriptions.update_many(
                {"_id": {"$in": woken}}, {"$min": {"due_at": now}}
            )
        return woken

    @translated()
    def begin(
        self, subscription_id: str, worker: str, now: dt.datetime, until: dt.datetime
    ) -> PushSubscription | None:
        """Take the lease on a subscription; None if it is gone or another worker's."""
        found = self._subscriptions.find_one_and_update(
            {"_id": subscription_id, "leased_until": {"$lte": now}},
            {"$set": {"leased_until": until, "due_at": until, "worker": worker}},
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _to_subscription(found)

    @translated()
    def pushed(self, subscription_id: str, worker: str, notification_id: int) -> bool:
        """Note that a notification was taken; False if the lease is lost."""
        result = self._subscriptions.update_one(
            {"_id": subscription_id, "worker": worker},
            {
                "$addToSet": {"pushed": notification_id},
                "$set": {"attempts": 0, "failing_since": None, "problem": ""},
            },
        )
        return result.matched_count == 1

    @translated()
    def rest(
        self,
        subscription_id: str,
        worker: str,
        *,
        above: int,
        until: dt.datetime,
        now: dt.datetime,
        due_at: dt.datetime,
    ) -> bool:
        """End the lease until `due_at`; False if there is something new meanwhile.

        What is not above `above` any more needs not be remembered. Nothing waits, so it
        may be woken again, even if the last attempt failed.
        """
        own = {"_id": subscription_id, "worker": worker}
        freed = {"leased_until": now, "above": above, "worker": None, "attempts": 0}
        forgotten = {"$pull": {"pushed": {"$lte": above}}}
        ended = self._subscriptions.update_one(
            own | {"due_at": until}, {"$set": freed | {"due_at": due_at}, **forgotten}
        )
        if ended.matched_count:
            return True
        woken = self._subscriptions.update_one(own, {"$set": freed, **forgotten})
        return woken.matched_count == 0

    @translated()
    def failed(
        self,
        subscription_id: str,
        worker: str,
        now: dt.datetime,
        due_at: dt.datetime,
        problem: str,
    ) -> None:
        """End the lease after a failure, and try again later."""
        self._subscriptions.update_one(
            {"_id": subscription_id, "worker": worker},
            [
                {
                    "$set": {
                        "leased_until": due_at,
                        "due_at": due_at,
                        "worker": None,
                        "problem": {"$literal": problem},
                        "attempts": {"$add": ["$attempts", 1]},
                        "failing_since": {"$ifNull": ["$failing_since", now]},
                    }
                }
            ],
        )

    @translated()
    def count(self) -> dict[str, int]:
        """Count the subscriptions, and those whose push service takes nothing."""
        return {
            "devices": self._subscriptions.estimated_document_count(),
            "failing": self._subscriptions.count_documents({"attempts": {"$gt": 0}}),
        }

    @translated()
    def failing(self, limit: int) -> list[FailingPush]:
        """List subscriptions whose push service takes nothing, the worst first."""
        found = self._subscriptions.find({"attempts": {"$gt": 0}})
        return [
            FailingPush(
                *(d["user_id"], d["holder"], d["endpoint"], d["attempts"]),
                *(d["problem"], d["failing_since"]),
            )
            for d in found.sort("attempts", DESCENDING).limit(limit)
        ]


def skip_waiting(subscriptions: Any, now: dt.datetime) -> None:
    """Take every notification up to now for pushed."""
    above = first_id_at(to_ms(now))
    subscriptions.update_many({}, {"$set": {"above": above, "pushed": []}})


def _to_document(
    subscription: PushSubscription, now: dt.datetime, due: dt.datetime
) -> Document:
    target, token = subscription.target, subscription.token
    return {
        "schema": schema_of("push_subscriptions"),
        "user_id": subscription.user_id,
        "holder": subscription.holder,
        "endpoint": target.endpoint,
        "p256dh": target.p256dh,
        "auth": target.auth,
        "is_standard": target.is_standard,
        "kinds": sorted(subscription.kinds),
        "policy": subscription.policy.value,
        "token": None if token is None else {"text": token.text, "key": token.key_id},
        "above": subscription.above,
        "pushed": [],
        "attempts": 0,
        "failing_since": None,
        "problem": "",
        "worker": None,
        "leased_until": now,
        "due_at": due,
        "created_at": now,
    }


def _to_subscription(document: Document) -> PushSubscription:
    user_id, _, digest = document["_id"].partition(":")
    token = document["token"]
    return PushSubscription(
        user_id=UserId(int(user_id)),
        digest=digest,
        holder=document["holder"],
        target=PushTarget(
            endpoint=document["endpoint"],
            p256dh=document["p256dh"],
            auth=document["auth"],
            is_standard=document["is_standard"],
        ),
        above=document["above"],
        kinds=frozenset(NotificationKind(kind) for kind in document["kinds"]),
        policy=PushPolicy(document["policy"]),
        token=None if token is None else SealedKey(token["text"], token["key"]),
        pushed=frozenset(document["pushed"]),
        attempts=document["attempts"],
        failing_since=document["failing_since"],
    )
