"""Look at a site whose roles run by themselves, from any machine of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cli.checking import agreement
from kwip.cli.running import connected
from kwip.loops import SILENT_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from config.settings import Settings
    from kwip.store.maintenance.processes import Process
    from kwip.wiring import Wiring

#: Who runs the loops that the whole site shares.
_SWEEPER = "sweeper"


@dataclass(frozen=True, slots=True)
class Site:
    """The processes of all machines, and what is wrong."""

    processes: Sequence[Process]
    findings: Sequence[str]


def look(settings: Settings) -> Site:
    """Ask MongoDB what runs, and compare it with what must.

    Raises:
        NotRunningError: MongoDB does not answer.
    """
    with connected(settings) as wiring:
        return look_through(settings, wiring)


def look_through(
    settings: Settings, wiring: Wiring, *, is_release: bool = False
) -> Site:
    """Do the same with a command's parts; during a release, versions differ."""
    processes = agreement.running(wiring)
    compared = agreement.findings(settings, wiring, processes, is_release=is_release)
    findings = [
        *_absent(settings, processes),
        *_silent(wiring, processes),
        *compared,
    ]
    return Site(processes, findings)


def roles_of(processes: Sequence[Process]) -> set[str]:
    """Return the roles that run on any machine."""
    return {role for process in processes for role in process.roles}


def _absent(settings: Settings, processes: Sequence[Process]) -> Iterator[str]:
    needed = ("web", "worker", _SWEEPER, *(["live"] if settings.live_port else []))
    for role in needed:
        if role not in roles_of(processes):
            yield f"{role}: not running on any machine: start it: `kwip serve {role}`"


def _silent(wiring: Wiring, processes: Sequence[Process]) -> Iterator[str]:
    if _SWEEPER not in roles_of(processes):
        return
    for loop, silent_s in wiring.heartbeats.silent_s().items():
        if silent_s > SILENT_S:
            since = f" for {silent_s:.0f} s" if math.isfinite(silent_s) else ""
            yield f"{loop}: no heartbeat{since}: look for `loop_failed` in its log"
