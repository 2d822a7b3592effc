"""Who gets notifications by mail: only those who chose to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.clock import to_ms
from kwip.domain.ids import UserId, first_id_at
from kwip.domain.mail.preferences import (
    PUSHED_AT_FIRST,
    Frequency,
    MailPreferences,
    StaffTopic,
)
from kwip.domain.timelines.notifications import NotificationKind
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Sequence

    from pymongo.client_session import ClientSession

    from kwip.store.client import Document, Store


#: Fields that only those have who have chosen otherwise than at first.
_NO_TOPICS = {
    StaffTopic.REPORTS: "no_reports",
    StaffTopic.APPLICATIONS: "no_applications",
}
_PUSH_KINDS = "push_kinds"
_HIDDEN_KINDS = "hidden_kinds"


class MailPreferenceStore(DueWork):
    """The `mail_preferences` collection: one document per user who ever chose."""

    def __init__(self, store: Store):
        self._store = store
        self._preferences = store.database["mail_preferences"]
        super().__init__(self._preferences, {})

    @translated()
    def find(self, user_id: UserId) -> MailPreferences:
        """Return what a user chose, or nothing."""
        d = self._preferences.find_one({"_id": user_id})
        if d is None:
            return MailPreferences()
        return MailPreferences(
            kinds=frozenset(NotificationKind(kind) for kind in d["kinds"]),
            frequency=Frequency(d["frequency"]),
            mailed_id=d["mailed_id"],
            push_kinds=(
                frozenset(NotificationKind(kind) for kind in d[_PUSH_KINDS])
                if _PUSH_KINDS in d
                else PUSHED_AT_FIRST
            ),
            hidden_kinds=frozenset(map(NotificationKind, d.get(_HIDDEN_KINDS, ()))),
        )

    @translated()
    def save(
        self, user_id: UserId, chosen: MailPreferences, due_at: dt.datetime | None
    ) -> None:
        """Store what a user chose, and when it is due; None for never.

        A `mailed_id` of 0 leaves that as it is: a worker may have just moved it.
        """
        values = {
            "schema": schema_of("mail_preferences"),
            "kinds": sorted(kind.value for kind in chosen.kinds),
            "frequency": chosen.frequency.value,
            "due_at": due_at,
        }
        if chosen.mailed_id:
            values["mailed_id"] = chosen.mailed_id
        if chosen.push_kinds != PUSHED_AT_FIRST:
            values[_PUSH_KINDS] = sorted(kind.value for kind in chosen.push_kinds)
        if chosen.hidden_kinds:
            values[_HIDDEN_KINDS] = sorted(kind.value for kind in chosen.hidden_kinds)
        change: Document = {"$set": values}
        left_out = {_PUSH_KINDS, _HIDDEN_KINDS} - values.keys()
        if left_out:
            change["$unset"] = dict.fromkeys(sorted(left_out), "")
        self._preferences.update_one({"_id": user_id}, change, upsert=True)

    @translated()
    def without(self, topic: StaffTopic, ids: Sequence[UserId]) -> set[UserId]:
        """Return which members of staff have turned off mail about something."""
        found = self._preferences.find(
            {"_id": {"$in": list(ids)}, _NO_TOPICS[topic]: True}, {"_id": 1}
        )
        return {UserId(d["_id"]) for d in found}

    @translated()
    def choose_topics(self, user_id: UserId, wanted: Collection[StaffTopic]) -> None:
        """Turn a member of staff's mail about each topic on or off."""
        nothing = MailPreferences()
        off = {field: topic not in wanted for topic, field in _NO_TOPICS.items()}
        self._preferences.update_one(
            {"_id": user_id},
            {
                "$set": off,
                "$setOnInsert": {
                    "schema": schema_of("mail_preferences"),
                    "kinds": [],
                    "frequency": nothing.frequency.value,
                    "mailed_id": 0,
                    "due_at": None,
                },
            },
            upsert=True,
        )

    @translated()
    def postpone(self, user_id: UserId, due_at: dt.datetime) -> None:
        """Look again later, if the user still wants any."""
        wanting = {"_id": user_id, "due_at": {"$ne": None}}
        self._preferences.update_one(wanting, {"$set": {"due_at": due_at}})

    def advance(
        self,
        user_id: UserId,
        before: int,
        mailed_id: int,
        due_at: dt.datetime,
        also: Callable[[ClientSession], None],
    ) -> bool:
        """Note what is mailed now; False if another worker has done so.

        `also` is called in the same transaction.
        """

        def work(session: ClientSession) -> bool:
            same = {"_id": user_id, "mailed_id": before, "due_at": {"$ne": None}}
            values = {"mailed_id": mailed_id, "due_at": due_at}
            result = self._preferences.update_one(
                same, {"$set": values}, session=session
            )
            if not result.matched_count:
                return False
            also(session)
            return True

        return self._store.transact(work)


def skip_due(preferences: Any, now: dt.datetime) -> None:
    """Take what is due for as mailed: no notification up to now is mailed later."""
    preferences.update_many(
        {"due_at": {"$lte": now}}, {"$set": {"mailed_id": first_id_at(to_ms(now))}}
    )
