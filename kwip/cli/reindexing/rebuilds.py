"""Run the rebuilds that repair what differs, from where the last run stopped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kwip.cli import numbered
from kwip.cli.bars import Bars
from kwip.cli.parts import retagging_by
from kwip.cli.reindexing.outcomes import Outcome, first
from kwip.cli.running import connected
from kwip.domain.clock import system_clock_ms
from kwip.services.maintenance.checkpoint import Checkpoint
from kwip.services.maintenance.reindexing.rebuild import (
    Rebuild,
    counter_phases,
    repeat_phases,
    tag_phases,
)
from kwip.services.maintenance.reindexing.repeats import Repeats
from kwip.services.maintenance.reindexing.search_rebuild import SearchRebuild
from kwip.store.maintenance.audit import AuditStore
from kwip.store.maintenance.search_audit import SearchAuditStore
from kwip.store.posting.counters import CounterStore

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.services.maintenance.reindexing.reindex import Pace
    from kwip.wiring import Wiring


def run_rebuild(
    settings: Settings, what: str, pace: Pace | None, *, is_quiet: bool
) -> Outcome:
    """Repair all but timelines at a pace; without one only list what differs."""
    began = time.monotonic()
    with connected(settings) as wiring, Bars(is_quiet=is_quiet) as bars:
        rebuild = _rebuild_of(wiring, settings, what)
        if pace is None:
            counts, differences = rebuild.verify(bars)
        else:
            wiring.fence.await_lease(within_s=1.0)
            checkpoint = checkpoint_of(wiring, what)
            differences = rebuild.run(checkpoint, pace, bars)
            counts = {"repaired": 0, **checkpoint.job.counts}
    seconds = round(time.monotonic() - began, 1)
    done = ", ".join(
        f"{number} repaired" if name == "repaired" else numbered(number, name[:-1])
        for name, number in counts.items()
    )
    lines = first([f"{text} (run `kwip reindex {what}`)" for text in differences])
    lines.append(
        f"{what}: {done}, {numbered(len(differences), 'difference')}; {seconds:.1f} s"
    )
    return Outcome(
        {**counts, "differences": differences, "seconds": seconds},
        lines,
        is_found=bool(differences),
    )


def _rebuild_of(
    wiring: Wiring, settings: Settings, what: str
) -> Rebuild | SearchRebuild:
    if what == "search":
        return SearchRebuild(
            SearchAuditStore(wiring.store),
            wiring.services.search_index,
            wiring.stores.people,
        )
    totals = AuditStore(wiring.store).sizes()
    if what == "tags":
        return Rebuild(tag_phases(retagging_by(wiring, settings), totals))
    if what == "repeats":
        repeats = Repeats(wiring.stores, wiring.fence)
        return Rebuild(repeat_phases(repeats, totals))
    return Rebuild(counter_phases(CounterStore(wiring.store), wiring.fence, totals))


def job_of(what: str) -> str:
    """Return the id of a rebuild's row."""
    return f"reindex:{what}"


def checkpoint_of(wiring: Wiring, what: str) -> Checkpoint:
    """Find a job's checkpoint; a job that is done restarts."""
    checkpoint = Checkpoint(wiring.jobs, job_of(what), system_clock_ms)
    if checkpoint.job.state == "done":
        checkpoint.restart()
    return checkpoint
