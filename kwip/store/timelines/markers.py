"""Markers: how far each user has read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pymongo import ReturnDocument

from kwip.domain.ids import UserId
from kwip.domain.timelines.markers import MARKED, Marked, Marker
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from kwip.store.client import Document, Store


class MarkerStore:
    """The `markers` collection: one document per user."""

    def __init__(self, store: Store):
        self._markers = store.database["markers"]

    @translated()
    def of_users(
        self, user_ids: Sequence[UserId]
    ) -> dict[UserId, dict[Marked, Marker]]:
        """Read the markers of some users; users without any are absent."""
        found = self._markers.find({"_id": {"$in": list(user_ids)}})
        return {UserId(d["_id"]): _to_markers(d) for d in found}

    @translated()
    def save(
        self, user_id: UserId, places: Mapping[Marked, int], now: dt.datetime
    ) -> dict[Marked, Marker]:
        """Set markers to the positions that an app sends; return the user's markers.

        One atomic update: of two concurrent ones the later wins, each with a version.
        """
        return self._update(user_id, "$set", places, now)

    @translated()
    def advance(
        self, user_id: UserId, places: Mapping[Marked, int], now: dt.datetime
    ) -> None:
        """Move markers up; one that is already higher stays."""
        self._update(user_id, "$max", places, now)

    def _update(
        self,
        user_id: UserId,
        operator: str,
        places: Mapping[Marked, int],
        now: dt.datetime,
    ) -> dict[Marked, Marker]:
        update: dict[str, dict[str, Any]] = {
            "$set": {"schema": schema_of("markers")},
            "$inc": {f"{name}.version": 1 for name in places},
        }
        update["$set"] |= {f"{name}.updated_at": now for name in places}
        update.setdefault(operator, {}).update(
            {f"{name}.last_read_id": place for name, place in places.items()}
        )
        document = self._markers.find_one_and_update(
            {"_id": user_id},
            update,
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return _to_markers(cast("Document", document))  # an upsert always returns one


def _to_markers(document: Document) -> dict[Marked, Marker]:
    return {
        name: Marker(
            last_read_id=document[name]["last_read_id"],
            version=document[name]["version"],
            updated_at=document[name]["updated_at"],
        )
        for name in MARKED
        if name in document
    }
