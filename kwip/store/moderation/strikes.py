"""Strikes: stored before they are carried out, and until they are forgotten."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pymongo import DESCENDING

from kwip.domain.accounts.audit_log import BY_KWIP, Actor, Order
from kwip.domain.ids import MAX_ID, UserId
from kwip.domain.moderation.strikes import (
    STRIKE_KEPT,
    Act,
    Appeal,
    AppealState,
    Strike,
    StrikeState,
)
from kwip.store.client import ONE_BATCH, translated
from kwip.store.due_work import DueWork
from kwip.store.moderation.reports import from_copy, to_copy
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from pymongo.client_session import ClientSession

    from kwip.store.client import Document, Store

_UNFINISHED = [StrikeState.PENDING.value, StrikeState.UNDOING.value]


class StrikeStore(DueWork):
    """The `strikes` collection."""

    def __init__(self, store: Store):
        self._store = store
        self._strikes = store.database["strikes"]
        super().__init__(self._strikes, {"state": {"$in": _UNFINISHED}})

    def add(
        self, strike: Strike, due_at: dt.datetime, also: Callable[[ClientSession], None]
    ) -> None:
        """Store a strike that is yet to be carried out, in one transaction with `also`.

        The sweeper has it carried out at `due_at`, unless that is done by then.
        """

        def work(session: ClientSession) -> None:
            self._strikes.insert_one(_to_document(strike, due_at), session=session)
            also(session)

        self._store.transact(work)

    @translated()
    def find(self, strike_id: int) -> Strike | None:
        """Read a strike."""
        found = self._strikes.find_one({"_id": strike_id})
        return None if found is None else _to_strike(found)

    @translated()
    def of_user(self, user_id: UserId, limit: int) -> list[Strike]:
        """Read the strikes of a user, the newest first."""
        found = self._strikes.find({"user_id": user_id}).sort("_id", DESCENDING)
        return [_to_strike(d) for d in found.limit(limit).batch_size(ONE_BATCH)]

    @translated()
    def named(self, user_id: UserId, ids: Sequence[int]) -> dict[int, Strike]:
        """Read some strikes of a user, by their ids."""
        found = self._strikes.find({"_id": {"$in": list(ids)}, "user_id": user_id})
        return {d["_id"]: _to_strike(d) for d in found}

    @translated()
    def of_report(self, report_id: int, limit: int) -> list[Strike]:
        """Read what was done about a report, the newest first."""
        found = self._strikes.find({"report_id": report_id}).sort("_id", DESCENDING)
        return [_to_strike(d) for d in found.limit(limit).batch_size(ONE_BATCH)]

    @translated()
    def settle(self, strike_id: int, before: StrikeState, after: StrikeState) -> bool:
        """Note that a strike was carried out or undone; False if it was noted."""
        result = self._strikes.update_one(
            {"_id": strike_id, "state": before.value},
            {"$set": {"state": after.value, "due_at": None}, "$unset": {"order": ""}},
        )
        return result.modified_count == 1

    def undo(
        self,
        strike_id: int,
        order: Order,
        due_at: dt.datetime,
        also: Callable[[ClientSession], None],
        appeal: Appeal | None = None,
    ) -> bool:
        """Note that a strike is to be undone, with an approved appeal if there is one.

        One transaction with `also`; False if it is not in force, the appeal was
        decided, or there is one of which the caller does not know.
        """

        def work(session: ClientSession) -> bool:
            waiting = AppealState.PENDING.value
            query: Document = {"_id": strike_id, "state": StrikeState.DONE.value}
            values: Document = {
                "state": StrikeState.UNDOING.value,
                "order": _order_document(order),
                "due_at": due_at,
            }
            if appeal is None:
                query["appeal.state"] = {"$ne": waiting}
            else:
                query["appeal.state"] = waiting
                values["appeal"] = _appeal_document(appeal)
            change = {"$set": values}
            result = self._strikes.update_one(query, change, session=session)
            if result.modified_count:
                also(session)
            return result.modified_count == 1

        return self._store.transact(work)

    def appeal(
        self,
        strike_id: int,
        user_id: UserId,
        appeal: Appeal,
        also: Callable[[ClientSession], None],
    ) -> bool:
        """Store the only appeal against a strike, in one transaction with `also`.

        False if there is one, or the strike is not in force any more.
        """
        query = {
            "_id": strike_id,
            "user_id": user_id,
            "state": {"$in": [StrikeState.PENDING.value, StrikeState.DONE.value]},
            "appeal": None,
        }
        return self._appealed(query, appeal, also)

    def reject(
        self, strike_id: int, appeal: Appeal, also: Callable[[ClientSession], None]
    ) -> bool:
        """Store a rejected appeal, in one transaction with `also`.

        False if it was decided.
        """
        query = {"_id": strike_id, "appeal.state": AppealState.PENDING.value}
        return self._appealed(query, appeal, also)

    def _appealed(
        self, query: Document, appeal: Appeal, also: Callable[[ClientSession], None]
    ) -> bool:
        change = {"$set": {"appeal": _appeal_document(appeal)}}

        def work(session: ClientSession) -> bool:
            result = self._strikes.update_one(query, change, session=session)
            if result.modified_count:
                also(session)
            return result.modified_count == 1

        return self._store.transact(work)

    @translated()
    def appealed(self, *, below: int = MAX_ID, limit: int) -> list[Strike]:
        """Read the strikes whose appeals wait for a decision, the newest first."""
        waiting = {"appeal.state": AppealState.PENDING.value, "_id": {"$lt": below}}
        found = self._strikes.find(waiting).sort("_id", DESCENDING)
        return [_to_strike(d) for d in found.limit(limit).batch_size(ONE_BATCH)]

    @translated()
    def appealed_count(self) -> int:
        """Count the appeals that wait for a decision."""
        waiting = {"appeal.state": AppealState.PENDING.value}
        return self._strikes.count_documents(waiting)


def forget_strikes(strikes: Any, user_id: UserId) -> None:
    """Delete the strikes of a user."""
    strikes.delete_many({"user_id": user_id})


def _appeal_document(appeal: Appeal) -> Document:
    return {**asdict(appeal), "state": appeal.state.value}


def _order_document(order: Order) -> Document:
    return {**asdict(order.actor), "reason": order.reason}


def _to_document(strike: Strike, due_at: dt.datetime) -> Document:
    return {
        "_id": strike.id,
        "schema": schema_of("strikes"),
        "user_id": strike.user_id,
        "act": strike.act.value,
        "text": strike.text,
        "by_id": strike.by_id,
        "created_at": strike.created_at,
        "posts": [to_copy(post) for post in strike.posts],
        "report_id": strike.report_id,
        "state": strike.state.value,
        "order": _order_document(strike.order),
        "appeal": None,
        "due_at": due_at,
        "expires_at": strike.created_at + STRIKE_KEPT,
    }


def _to_strike(d: Document) -> Strike:
    found = d["appeal"]
    appeal = None
    if found is not None:
        appeal = Appeal(**{**found, "state": AppealState(found["state"])})
    order = BY_KWIP
    if (by := d.get("order")) is not None:
        order = Order(Actor(by["kind"], by["name"]), by["reason"])
    return Strike(
        id=d["_id"],
        user_id=UserId(d["user_id"]),
        act=Act(d["act"]),
        text=d["text"],
        by_id=UserId(d["by_id"]),
        created_at=d["created_at"],
        posts=tuple(map(from_copy, d["posts"])),
        report_id=d["report_id"],
        state=StrikeState(d["state"]),
        appeal=appeal,
        order=order,
    )
