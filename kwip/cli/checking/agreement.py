"""Compare this machine's settings with those of every running process of the site."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from config.shared import FOLDER, SECRET, differences, of_folder, shared
from kwip import __version__
from kwip.cli import numbered
from kwip.domain.clock import at, system_clock_ms, to_ms
from kwip.services.coherence.clock_guard import MAX_SKEW_MS
from kwip.store.media_folder_id import read_folder_id
from kwip.store.present_indexes import missing_indexes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from config.settings import Settings
    from kwip.store.maintenance.processes import Process
    from kwip.wiring import Wiring

APPLY = "run `kwip db indexes --apply`"
_NAMED = 3
_NTP = "use NTP on every machine"
#: What is said of values that tell people nothing.
_OTHER = {
    SECRET: "other keys here than",
    FOLDER: "another folder here than the one mounted",
}


def running(wiring: Wiring) -> list[Process]:
    """Return all running processes of the site; one query."""
    return wiring.processes.running(at(system_clock_ms()))


def findings(
    settings: Settings,
    wiring: Wiring,
    processes: Sequence[Process],
    *,
    has_files: bool = True,
    is_release: bool = False,
) -> Iterator[str]:
    """Say what is missing, and what does not fit the other processes.

    Without `has_files`, this machine reads and writes no uploaded files. During a
    release, versions differ.
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
    ours = shared(settings, wiring.endpoints)
    if has_files:
        ours |= of_folder(settings, read_folder_id)
    if not is_release:
        yield from other_versions(processes)
    yield from _different(ours, processes)


def other_versions(processes: Sequence[Process]) -> Iterator[str]:
    """Say which processes run another version than this one."""
    who: dict[str, list[Process]] = defaultdict(list)
    for process in processes:
        if process.version != __version__:
            who[process.version].append(process)
    for version, found in who.items():
        yield f"version: {__version__} here, {version} in {_together(found)}"


def _off(skew_ms: int) -> str:
    where = "ahead of" if skew_ms > 0 else "behind"
    return f"{abs(skew_ms) / 1_000:.1f} s {where} MongoDB's"


def _different(ours: Mapping[str, str], processes: Sequence[Process]) -> Iterator[str]:
    who: dict[str, list[Process]] = defaultdict(list)
    for process in processes:
        for variable, our, their in differences(ours, process.shared):
            what = _OTHER.get(variable, f"{our} here, {their}")
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
