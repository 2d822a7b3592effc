"""Hourly figures that cannot be counted from ids, for the charts of staff."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pymongo import timeout as time_limit

from kwip.domain.administration.app_figures import MAX_DAYS
from kwip.domain.administration.site_activity import HourlyFigures
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from kwip.store.client import Document, Store

#: As long as anybody can ask for figures by the day.
KEPT = timedelta(days=MAX_DAYS)
#: A process that ends does not wait for longer to store its last counts.
_GOODBYE_S = 0.5


class HourlyFigureStore:
    """The `hourly_figures` collection: one document for each hour of the whole site."""

    def __init__(self, store: Store):
        self._store = store
        self._hours = store.database["hourly_figures"]

    @translated()
    def add(
        self,
        hour: dt.datetime,
        counted: Mapping[str, int],
        most: Mapping[str, int],
        latest: Mapping[str, int],
    ) -> None:
        """Add counts to an hour, and note what was the most of it and its latest state.

        The keys of all three are names of fields of `HourlyFigures`.
        """
        change: Document = {
            "$setOnInsert": {
                "schema": schema_of("hourly_figures"),
                "expires_at": hour + KEPT,
            },
            "$inc": dict(counted),
            "$max": dict(most),
            "$set": dict(latest),
        }
        self._hours.update_one({"_id": hour}, change, upsert=True)

    def add_last(self, hour: dt.datetime, counted: Mapping[str, int]) -> None:
        """Add the counts of a process that ends; nothing while MongoDB is away."""
        if self._store.is_reachable():
            with time_limit(_GOODBYE_S):
                self.add(hour, counted, {}, {})

    @translated()
    def since(self, start: dt.datetime) -> Sequence[HourlyFigures]:
        """Return the hours from `start` that have figures, the oldest first."""
        found = self._hours.find({"_id": {"$gte": start}}).sort("_id")
        return [_to_figures(document) for document in found]


def _to_figures(document: Document) -> HourlyFigures:
    return HourlyFigures(
        hour=document["_id"],
        deliveries=document.get("deliveries", 0),
        delivered=document.get("delivered", 0),
        lag_ms=document.get("lag_ms", 0),
        hits=document.get("hits", 0),
        lookups=document.get("lookups", 0),
        waiting=document.get("waiting"),
        active=document.get("active"),
        stored_bytes=document.get("stored_bytes"),
    )
