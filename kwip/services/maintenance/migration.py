"""Store older documents in today's form, while old and new versions run."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip.domain.errors import ConflictError
from kwip.store.maintenance.migrating import BEGINNING
from kwip.store.upgrades import SCHEMAS, readable_from, schema_of

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
    )

    from kwip.services.maintenance.checkpoint import Checkpoint
    from kwip.services.maintenance.progress import Progress
    from kwip.store.maintenance.migrating import MigrationStore
    from kwip.store.maintenance.processes import Process

#: The row of the latest run.
JOB = "db:migrate"
#: Documents between two checkpoints, and documents that are only counted.
PAGE, COUNTED = 1_000, 10_000
#: How often documents that somebody writes at the same time are tried again.
TRIES = 20


@dataclass(frozen=True, slots=True)
class Migration:
    """Goes through every collection whose schema has changed.

    Attributes:
        store: What reads and writes the documents.
        collections: Where to look.
        sleep: Pauses between pages.
    """

    store: MigrationStore
    collections: Collection[str] = tuple(SCHEMAS)
    sleep: Callable[[float], None] = time.sleep

    def count(self, progress: Progress) -> dict[str, Counter[int]]:
        """Count the documents of older schemas, by collection and schema."""
        found = {name: Counter[int]() for name in self.collections}
        for name, schemas in found.items():
            progress.begin(name, self.store.size(name))
            after = BEGINNING
            while page := self.store.page(name, after, COUNTED):
                schemas.update(page.older.values())
                after = page.last
                progress.advance(page.size)
        return found

    def run(
        self, checkpoint: Checkpoint, throttle_s: float, progress: Progress
    ) -> dict[str, int]:
        """Upgrade documents, from the checkpoint on; return how many, by collection.

        Raises:
            ConflictError: Some of them never stopped changing.
        """
        names = list(self.collections)
        if checkpoint.job.detail.get("schemas") != _target():  # by another version
            checkpoint.restart()
        begun = checkpoint.job.detail.get("collection", names[0])
        after = checkpoint.job.detail.get("after", BEGINNING)
        for name in names[names.index(begun) :]:
            done = checkpoint.job.counts.get(name, 0)
            progress.begin(name, self.store.size(name))
            while page := self.store.page(name, after, PAGE):
                self._upgrade(name, page.older)
                done, after = done + len(page.older), page.last
                place = {"collection": name, "after": after, "schemas": _target()}
                checkpoint.save(counts={name: done}, detail=place)
                progress.advance(page.size)
                self.sleep(throttle_s)
            after = BEGINNING
        checkpoint.save(is_done=True)
        return {name: checkpoint.job.counts.get(name, 0) for name in names}

    def _upgrade(self, collection: str, ids: Collection[Any]) -> None:
        for _ in range(TRIES + 1):
            older = self.store.older(collection, ids) if ids else []
            if not older:
                return
            self.store.upgrade(collection, older)
        raise ConflictError(
            f"{collection}: some documents of older versions were changed at each"
            " attempt to convert them: run this command again."
        )


def _target() -> str:
    return json.dumps(SCHEMAS, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A process that must not run beside this version.

    Attributes:
        process: The other one.
        collection: The documents that one of the two can't read.
        is_older: Whether it is the one.
    """

    process: Process
    collection: str
    is_older: bool


def misfits(processes: Iterable[Process]) -> Iterator[Misfit]:
    """Yield the processes that can't read what this version writes, or the reverse."""
    lowest = readable_from()
    for process in processes:
        for name in sorted({*SCHEMAS, *process.schemas}):
            if process.schemas.get(name, 1) < lowest.get(name, 1):
                yield Misfit(process, name, is_older=True)
            elif schema_of(name) < process.readable_from.get(name, 1):
                yield Misfit(process, name, is_older=False)


def oldest_schemas(processes: Iterable[Process]) -> dict[str, int]:
    """Return for each collection the oldest schema that this or another one writes."""
    found = list(processes)
    return {
        name: min([schema, *(each.schemas.get(name, 1) for each in found)])
        for name, schema in SCHEMAS.items()
    }
