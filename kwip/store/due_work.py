"""Documents that wait for a job, each until one has done it: a queue of their own."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from kwip.store.client import translated

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from pymongo.collection import Collection

    from kwip.store.client import Document


class DueWork:
    """The part of a store that lets the sweeper enqueue what is due."""

    def __init__(
        self,
        documents: Collection[Document],
        waiting: Mapping[str, Any],
        *,
        due_at: str = "due_at",
        shard_key: str = "_id",
        job_id: str = "{_id}",
    ):
        """Say what waits, and how the id of its job is made of its fields."""
        self._documents = documents
        self._waiting = waiting
        self._due_at = due_at
        self._shard_key = shard_key
        self._job_id = job_id

    @translated()
    def take_due(
        self,
        now: dt.datetime,
        next_due: dt.datetime,
        limit: int,
        enqueue: Callable[[str], bool],
    ) -> list[str]:
        """Enqueue the jobs of documents that are due; list the ids of the jobs.

        They are due again at `next_due`. What `enqueue` does not accept stays due, and
        so does what this process enqueued before it died.
        """
        overdue = {**self._waiting, self._due_at: {"$lte": now}}
        found = self._documents.find(overdue, {self._shard_key: 1})
        due = {
            self._job_id.format_map(d): d
            for d in found.sort(self._due_at, ASCENDING).limit(limit)
        }
        taken = list(takewhile(enqueue, due))
        if taken:
            same = {
                key: {"$in": [due[job_id][key] for job_id in taken]}
                for key in ("_id", self._shard_key)
            }
            self._documents.update_many(
                same | overdue, {"$set": {self._due_at: next_due}}
            )
        return taken
