"""Who has nudged whom, so that nobody does so again too soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.store.client import translated
from kwip.store.timelines.notifications import write
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt

    from pymongo.client_session import ClientSession

    from kwip.domain.ids import UserId
    from kwip.domain.social.nudges import Nudge, NudgeKind
    from kwip.domain.timelines.notifications import Notification
    from kwip.store.client import Store


class NudgeStore:
    """The `nudges` collection."""

    def __init__(self, store: Store):
        self._store = store
        self._nudges = store.database["nudges"]
        self._notifications = store.database["notifications"]

    def add(self, nudge: Nudge, notification: Notification | None) -> bool:
        """Store a nudge, and its notification; False if there is one already.

        Two at once conflict in the document, and one of them sees the other.
        """

        def work(session: ClientSession) -> bool:
            same = {"_id": nudge.name}
            there = same | {"expires_at": {"$gt": nudge.at}}
            if self._nudges.find_one(there, {"_id": 1}, session=session):
                return False
            document = {
                "schema": schema_of("nudges"),
                "kind": nudge.kind.value,
                "actor_id": nudge.actor_id,
                "recipient_id": nudge.recipient_id,
                "at": nudge.at,
                "expires_at": nudge.expires_at,
            }
            self._nudges.replace_one(same, document, upsert=True, session=session)
            if notification is not None:
                write(self._notifications, notification, session)
            return True

        return self._store.transact(work)

    @translated()
    def count(self, actor_id: UserId, kind: NudgeKind, since: dt.datetime) -> int:
        """Count what somebody did since then."""
        query = {"actor_id": actor_id, "kind": kind.value, "at": {"$gt": since}}
        return self._nudges.count_documents(query)
