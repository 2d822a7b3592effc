"""The progress of an operator's long jobs, so that they can be resumed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Literal

from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from kwip.store.client import Document, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How far a long job has come; `cursor` is the last id that is done."""

    id: str
    state: Literal["running", "done"]
    cursor: int
    counts: Mapping[str, int]
    detail: Mapping[str, str]
    started_at: dt.datetime
    updated_at: dt.datetime

    @classmethod
    def begun(cls, job_id: str, now: dt.datetime) -> Job:
        """Make a job that has done nothing yet."""
        return cls(
            id=job_id,
            state="running",
            cursor=0,
            counts={},
            detail={},
            started_at=now,
            updated_at=now,
        )


class JobStore:
    """The `jobs` collection."""

    def __init__(self, store: Store):
        self._jobs = store.database["jobs"]

    @translated()
    def find(self, job_id: str) -> Job | None:
        """Read one job's row."""
        document = self._jobs.find_one({"_id": job_id})
        return None if document is None else _to_job(document)

    @translated()
    def running(self, prefix: str) -> list[Job]:
        """List unfinished jobs whose id begins with `prefix`."""
        query = {"_id": {"$gte": prefix, "$lt": f"{prefix}\uffff"}, "state": "running"}
        return [_to_job(document) for document in self._jobs.find(query)]

    @translated()
    def save(self, job: Job) -> None:
        """Store a job's row."""
        document: Document = {"schema": schema_of("jobs"), **asdict(job)}
        del document["id"]
        self._jobs.replace_one({"_id": job.id}, document, upsert=True)


def _to_job(document: Document) -> Job:
    kept = {f.name: document[f.name] for f in fields(Job) if f.name != "id"}
    return Job(id=document["_id"], **kept)
