"""The programs of this machine: which run, and where each listens."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from kwip import telemetry
from kwip.cli.starting.programs import ROLES
from kwip.embedded.children import ROLE, holder, marked
from kwip.embedded.served import served

if TYPE_CHECKING:
    from collections.abc import Collection

    from kwip.embedded.home_folder import HomeFolder


@dataclass(frozen=True, slots=True)
class Program:
    """One program, as its supervisor sees it, with its processes.

    Attributes:
        role: web, live, worker or sweeper; `kwip up` has the sweeper in its worker.
        name: The same, with a number if there are several.
        pid: The process that a supervisor started.
        children: The processes that it started itself and that have the same role.
        environ: Its variables.
    """

    role: str
    name: str
    pid: int
    children: frozenset[int]
    environ: dict[str, str]

    def port(self, variable: str, default: int) -> int:
        """Return the port that one of its variables names."""
        return int(self.environ.get(variable, default))


def programs(home: HomeFolder) -> list[Program]:
    """List the programs of this machine, in the order in which they are replaced.

    Workers come first, because new web servers enqueue jobs that old workers may not
    know.
    """
    found = marked(home) if holder(home) is not None else served(home)
    environs: dict[int, dict[str, str]] = {}
    parents: dict[int, int] = {}
    for process in found:
        with contextlib.suppress(psutil.Error):
            environs[process.pid], parents[process.pid] = (
                process.environ(),
                process.ppid(),
            )
    names = {pid: environ.get(ROLE, "") for pid, environ in environs.items()}
    roots = [pid for pid in names if names.get(parents[pid]) != names[pid]]
    made = [
        Program(
            names[pid].partition("-")[0],
            names[pid],
            pid,
            frozenset(child for child in names if parents[child] == pid),
            environs[pid],
        )
        for pid in roots
    ]
    order = ["worker", "sweeper", "web", "live"]
    known = [each for each in made if each.role in ROLES]
    return sorted(known, key=lambda each: (order.index(each.role), each.name))


def open_requests(found: Collection[Program]) -> int:
    """Count the requests that the web servers have not answered yet."""
    web = [each for each in found if each.role == "web"]
    folders = {Path(each.environ["PROMETHEUS_MULTIPROC_DIR"]) for each in web}
    pids = {pid for each in web for pid in (each.pid, *each.children)}
    return sum(telemetry.open_requests(folder, pids.__contains__) for folder in folders)
