"""How much is written, counted by the time in the ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.ids import first_id_at
from kwip.store.client import translated

if TYPE_CHECKING:
    from kwip.store.client import Store

_HOUR_MS = 3_600_000


@translated()
def posts_by_hour(store: Store, now_ms: int, hours: int) -> list[int]:
    """Count the posts of each of the last hours, the oldest hour first.

    Reads nothing but the index of ids.
    """
    first = first_id_at(now_ms - hours * _HOUR_MS)
    hour = {
        "$floor": {"$divide": [{"$subtract": ["$_id", first]}, first_id_at(_HOUR_MS)]}
    }
    found = store.database["posts"].aggregate(
        [
            {"$match": {"_id": {"$gte": first}}},
            {"$project": {"_id": 1}},
            {"$group": {"_id": hour, "posts": {"$sum": 1}}},
        ],
        hint={"_id": 1},
    )
    counts = {int(each["_id"]): each["posts"] for each in found}
    return [counts.get(number, 0) for number in range(hours)]
