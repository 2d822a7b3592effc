"""Start, recognise and end the processes of one installation.

A child is marked by an environment variable that identifies the installation's folder
by device and inode. Its descendants inherit the mark. It survives a move of the folder,
and a copy of the folder has a different one; so if we hold the lock of the folder, any
process with the mark is a leftover of ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from config.settings import PROJECT
from kwip.embedded.errors import CannotStartError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from kwip.embedded.home_folder import HomeFolder

#: The variable that marks our processes, and the one with their role.
MARK = "KWIP_STACK"
ROLE = "KWIP_ROLE"

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1

_POLL_S = 0.02
_LAST_BYTES = 64_000
_LINE_CHARS = 300
#: Patterns of lines that state a cause, then of lines that state a consequence.
_TELLING = [
    re.compile(words, re.IGNORECASE)
    for words in (
        "no space|denied|in use|read-only|not found|no such|unsupported|incompatible",
        "error|fatal|exception|cannot|can't|fail",
    )
]


def _at_once() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to start: its role, its command and when it is ready.

    Attributes:
        role: Its name, also of its log.
        argv: The command line.
        environ: What to add to the environment.
        is_ready: Polled until it returns true.
        once: It does its work and exits; ready means that it exited with success.
        ready_s: How long that may take.
    """

    role: str
    argv: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    is_ready: Callable[[], bool] = _at_once
    once: bool = False
    ready_s: float = 60.0


def mark_of(home: HomeFolder) -> str:
    """Return the mark of the processes of `home`, which must exist."""
    found = home.root.stat()
    return f"{found.st_dev}:{found.st_ino}"


def spawn(child: Child, home: HomeFolder) -> subprocess.Popen[bytes]:
    """Start `child` in a session of its own, killed by the kernel when we die.

    Must be called by the main thread: the kernel watches the thread that starts it.
    """
    environ = {
        **os.environ,  # noqa: TID251 -- inherited, not read
        **child.environ,
        MARK: mark_of(home),
        ROLE: child.role,
    }
    parent = os.getpid()

    def end_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    with log_of(child.role, home).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 -- commands of our own
            child.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environ,
            cwd=PROJECT,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 -- one system call, no lock
        )


def log_of(role: str, home: HomeFolder) -> Path:
    """Return the log of `role`."""
    return home.logs / f"{role}.log"


def last_words(log: Path, start: int) -> str:
    """Return the most informative line that a dead child wrote to `log` after `start`.

    If the log was truncated since, all of it counts.
    """
    size = log.stat().st_size
    with log.open("rb") as file:
        file.seek(max(start if start <= size else 0, size - _LAST_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    for telling in _TELLING:
        found = [line for line in lines if telling.search(line)]
        if found:
            return _plain(found[-1])[:_LINE_CHARS]
    return _plain((lines or ["no output"])[-1])[:_LINE_CHARS]


def last_line(log: Path) -> str | None:
    """Return the last line of `log`, if there is one."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else None


def _plain(line: str) -> str:
    """Return the message of a line of MongoDB's structured log."""
    try:
        record = json.loads(line)
        return f"{record['msg']} {json.dumps(record.get('attr', {}))}"
    except (ValueError, TypeError, KeyError):
        return line.strip()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what a child that has exited, or must exit now, leaves in its group.

    A group id is not reused before its leader is reaped, so call this before that.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the child has ended, without reaping it."""
    if process.returncode is not None:
        return True
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, options) is not None


def marked(home: HomeFolder) -> list[psutil.Process]:
    """Return the live processes of `home` other than this one, whoever started them."""
    mark = mark_of(home)
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _has(process, mark)
    ]


def is_marked(home: HomeFolder, pid: int) -> bool:
    """Return whether `pid` is a live process of `home`."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return _has(psutil.Process(pid), mark_of(home))
    return False


def _has(process: psutil.Process, mark: str) -> bool:
    return mark_in(process) == mark


def mark_in(process: psutil.Process) -> str:
    """Return the mark of a process; empty if it has none, or is somebody else's."""
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get(MARK, "")
    return ""


def end_leftovers(home: HomeFolder, *, grace_s: float = 2.0) -> list[int]:
    """End what an earlier supervisor of `home` left behind; return the process ids.

    The kernel has already asked them to end; the rest is killed after `grace_s`.

    Raises:
        CannotStartError: If one of them cannot be ended.
    """
    found = marked(home)
    for process in found:
        _send(process, signal.SIGTERM)
    if not _gone(found, grace_s):
        for process in marked(home):
            _send(process, signal.SIGKILL)
        if not _gone(found, grace_s):
            numbers = ", ".join(str(process.pid) for process in marked(home))
            raise CannotStartError(
                f"processes of an earlier run cannot be ended: kill {numbers} yourself"
            )
    return [process.pid for process in found]


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _gone(processes: list[psutil.Process], within_s: float) -> bool:
    end = time.monotonic() + within_s
    while any(_is_alive(process) for process in processes):
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_S)
    return True


def _is_alive(process: psutil.Process) -> bool:
    # A dead orphan that nobody reaps is a zombie, and holds nothing.
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextlib.contextmanager
def locked(home: HomeFolder, *, within_s: float = 1.0) -> Iterator[None]:
    """Hold the lock of `home`: one supervisor at a time.

    The kernel releases it if we die. `holder` takes the lock for a moment to check it,
    so this tries for a while.

    Raises:
        CannotStartError: If another supervisor holds it.
    """
    end = time.monotonic() + within_s
    with home.lock.open("a+", encoding="ascii") as file:
        while not _take(file.fileno(), fcntl.LOCK_EX):
            if time.monotonic() > end:
                raise CannotStartError(
                    f"Kwip is already running in {home.root} (process {holder(home)}):"
                    " stop it or set another KWIP_HOME and KWIP_PORT"
                )
            time.sleep(_POLL_S)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder(home: HomeFolder) -> int | None:
    """Return the process id of the running supervisor of `home`, if any."""
    try:
        with home.lock.open(encoding="ascii") as file:
            if _take(file.fileno(), fcntl.LOCK_SH):
                return None
            return int(file.read() or 0)
    except FileNotFoundError:
        return None


def _take(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
