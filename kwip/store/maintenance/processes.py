"""The processes of a site, on all its machines: what each says of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING

from pymongo import timeout as time_limit

from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from kwip.store.client import Document, Store

#: A process that ends does not wait for longer to say so.
_GOODBYE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One running process.

    Attributes:
        id: Unique, also when its number is used again.
        roles: What it does: web, live, worker, sweeper.
        skew_ms: By how much its clock is ahead of MongoDB's.
        shared: The settings that all must agree on, by variable; without secrets.
        schemas: The schema of the documents that it writes, by collection; 1 for
            those that are not named.
        readable_from: The lowest schema whose code can read these, in the same way.
        expires_at: When it counts as ended, unless it is seen again.
    """

    id: str
    roles: Sequence[str]
    host: str
    pid: int
    version: str
    skew_ms: int
    shared: Mapping[str, str]
    started_at: dt.datetime
    seen_at: dt.datetime
    expires_at: dt.datetime
    schemas: Mapping[str, int] = field(default_factory=dict)
    readable_from: Mapping[str, int] = field(default_factory=dict)


class ProcessStore:
    """The `processes` collection."""

    def __init__(self, store: Store):
        self._store = store
        self._processes = store.database["processes"]

    @translated()
    def save(self, process: Process) -> None:
        """Store what a process says of itself."""
        document: Document = {"schema": schema_of("processes"), **asdict(process)}
        del document["id"]
        self._processes.replace_one({"_id": process.id}, document, upsert=True)

    @translated()
    def remove(self, process_id: str) -> None:
        """Forget a process that ends; nothing is done while MongoDB is away."""
        if self._store.is_reachable():
            with time_limit(_GOODBYE_S):
                self._processes.delete_one({"_id": process_id})

    @translated()
    def running(self, now: dt.datetime) -> list[Process]:
        """List the processes that were seen a short while ago, by machine."""
        found = self._processes.find({"expires_at": {"$gt": now}})
        processes = [_to_process(document) for document in found]
        return sorted(processes, key=lambda each: (each.host, each.roles, each.pid))


def _to_process(document: Document) -> Process:
    # A process of another version may say less.
    kept = {f.name: document[f.name] for f in fields(Process) if f.name in document}
    return Process(id=document["_id"], **kept)
