"""The processes of a home on this machine, started by `kwip up` or `kwip serve`."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from kwip.embedded.children import ROLE, holder, marked
from kwip.embedded.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.embedded.home_folder import HomeFolder


@dataclass(frozen=True, slots=True)
class Process:
    """A running process of the stack; `pss_bytes` counts shared memory by its share."""

    name: str
    pid: int
    rss_bytes: int
    pss_bytes: int


def processes(home: HomeFolder) -> Iterator[Process]:
    """List the supervisor, its children and their children; else what is served."""
    if not home.root.exists():
        return
    pid = holder(home)
    if pid is None:
        yield from _measured(served(home))
        return
    with contextlib.suppress(psutil.Error):
        yield _measure(psutil.Process(pid), "supervisor")
    yield from _measured(marked(home))


def _measured(found: list[psutil.Process]) -> Iterator[Process]:
    for process in found:
        with contextlib.suppress(psutil.Error):
            yield _measure(process, process.environ()[ROLE])


def _measure(process: psutil.Process, name: str) -> Process:
    memory = process.memory_full_info()
    return Process(name, process.pid, memory.rss, memory.pss)


def not_running(home: HomeFolder) -> str:
    """Say that nothing runs in a folder, and what to do."""
    return (
        f"Kwip is not running in {home.root}: start it with `kwip up`,"
        " or set KWIP_HOME if it is in another folder"
    )
