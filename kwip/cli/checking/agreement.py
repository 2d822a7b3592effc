"""Compare this machine's settings with those of every running process of the site."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from config.shared import differences, shared
from kwip import __version__
from kwip.cli import numbered
from kwip.domain.clock import at, system_clock_ms, to_ms
from kwip.services.coherence.clock_guard import MAX_SKEW_MS
from kwip.store.present_indexes import missing_indexes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from config.settings import Settings
    from kwip.store.maintenance.processes import Process
    from kwip.wiring import Wiring

APPLY = "run `kwip db indexes --apply`"
_NAMED = 3


def running(wiring: Wiring) -> list[Process]:
    """Return all running processes of the site; one query."""
    return wiring.processes.running(at(system_clock_ms()))


def findings(
    settings: Settings, wiring: Wiring, processes: Sequence[Process]
) -> Iterator[str]:
    """Say what is missing, and what does not fit the other processes.

    Cost: a command for each collection, and one for the clock.
    """
    missing = missing_indexes(wiring.store.database)
    if missing:
        yield f"database: {numbered(len(missing), 'index')} missing: {APPLY}"
    skew_ms = wiring.clock_guard.skew_ms()
    if abs(skew_ms) > MAX_SKEW_MS:
        yield f"clock: {_off(skew_ms)} here: {_NTP}"
    for process in processes:
        if abs(process.skew_ms) > MAX_SKEW_MS:
            yield f"clock: {_off(process.skew_ms)} in {title(process)}: {_NTP}"
    yield from _different(settings, wiring, processes)


_NTP = "use NTP on every machine"


def _off(skew_ms: int) -> str:
    where = "ahead of" if skew_ms > 0 else "behind"
    return f"{abs(skew_ms) / 1_000:.1f} s {where} MongoDB's"


def _different(
    settings: Settings, wiring: Wiring, processes: Sequence[Process]
) -> Iterator[str]:
    ours = shared(settings, wiring.endpoints)
    who: dict[str, list[Process]] = defaultdict(list)
    for process in processes:
        if process.version != __version__:
            who[f"version: {__version__} here, {process.version}"].append(process)
        for variable, our, their in differences(ours, process.shared):
            # Nobody can tell keys apart by their digests.
            is_key = variable == "KWIP_SECRET_KEY"
            what = "other keys here than" if is_key else f"{our} here, {their}"
            who[f"{variable}: {what}"].append(process)
    for what, found in who.items():
        yield f"{what} in {_together(found)}"


def _together(processes: Sequence[Process]) -> str:
    named = ", ".join(map(title, processes[:_NAMED]))
    more = len(processes) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def title(process: Process) -> str:
    """Name a process for people."""
    return f"{'+'.join(process.roles)} on {process.host} (process {process.pid})"


def row(process: Process) -> dict[str, object]:
    """Return what `--json` prints of a process; scripts depend on it."""
    return {
        "roles": list(process.roles),
        "host": process.host,
        "pid": process.pid,
        "version": process.version,
        "skew_ms": process.skew_ms,
        "started_at": process.started_at.isoformat(),
        "seen_s": round(max(0, system_clock_ms() - to_ms(process.seen_at)) / 1_000, 1),
    }
