"""What a CDN may still have copies of, until it is asked to forget it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pymongo import ASCENDING, UpdateOne

from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kwip.store.client import Store

_PENDING, _DEAD = "pending", "dead"


class Purge(NamedTuple):
    """What to purge: a path or a key, and how often this has failed, with what."""

    path: str
    attempts: int
    problem: str


class PurgeStore:
    """The `purges` collection."""

    def __init__(self, store: Store):
        self._purges = store.database["purges"]

    @translated()
    def add(self, paths: Sequence[str], due_at: dt.datetime) -> None:
        """Make 1 to 1,000 purges due at a time, even if noted before."""
        fresh = {"state": _PENDING, "attempts": 0, "problem": "", "due_at": due_at}
        first = {"schema": schema_of("purges"), "created_at": due_at}
        self._purges.bulk_write(
            [
                UpdateOne(
                    {"_id": path}, {"$set": fresh, "$setOnInsert": first}, upsert=True
                )
                for path in paths
            ]
        )

    @translated()
    def has_due(self, now: dt.datetime) -> bool:
        """Return whether any is due; one job takes all of them."""
        return self._purges.find_one(_due(now), {"_id": 1}) is not None

    @translated()
    def begin(self, now: dt.datetime, until: dt.datetime, limit: int) -> list[Purge]:
        """Take some that are due; no other worker gets them before `until`.

        Two at the same moment may get the same ones, which does no harm.
        """
        found = self._purges.find(_due(now)).sort("due_at", ASCENDING).limit(limit)
        taken = [Purge(d["_id"], d["attempts"], d["problem"]) for d in found]
        if taken:
            ids = [each.path for each in taken]
            self._purges.update_many(
                {"_id": {"$in": ids}, **_due(now)}, {"$set": {"due_at": until}}
            )
        return taken

    @translated()
    def done(self, paths: Sequence[str], until: dt.datetime) -> None:
        """Forget those taken until then; what was added again meanwhile stays."""
        self._purges.delete_many({"_id": {"$in": list(paths)}, "due_at": until})

    @translated()
    def failed(
        self,
        paths: Sequence[str],
        until: dt.datetime,
        due: dt.datetime | None,
        why: str,
    ) -> None:
        """Postpone those taken until then; without a time they are dead letters."""
        state = _PENDING if due else _DEAD
        self._purges.update_many(
            {"_id": {"$in": list(paths)}, "due_at": until},
            {
                "$set": {"due_at": due, "state": state, "problem": why},
                "$inc": {"attempts": 1},
            },
        )

    @translated()
    def listed(self, *, is_dead: bool, limit: int) -> list[Purge]:
        """List some that wait, or the dead letters."""
        state = _DEAD if is_dead else _PENDING
        found = self._purges.find({"state": state}).sort("_id", ASCENDING).limit(limit)
        return [Purge(d["_id"], d["attempts"], d["problem"]) for d in found]

    @translated()
    def dead_count(self) -> int:
        """Count the dead letters."""
        return self._purges.count_documents({"state": _DEAD})

    @translated()
    def replay(self, now: dt.datetime) -> int:
        """Let all dead letters be due; count them."""
        result = self._purges.update_many(
            {"state": _DEAD},
            {"$set": {"state": _PENDING, "attempts": 0, "due_at": now}},
        )
        return result.modified_count


def _due(now: dt.datetime) -> dict[str, object]:
    return {"state": _PENDING, "due_at": {"$lte": now}}
