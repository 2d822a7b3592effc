"""Do risky work in a child process, within limits of memory and time.

Decoders of untrusted files may crash, loop, or take hundreds of megabytes. So a child
process does it, one job at a time; it ends when no job has come for a while, and all of
its memory is freed. Only bytes and JSON pass between the two, so a file that takes over
the child cannot make its parent run anything.

A kind of work is a module that calls `kwip.services.media.child.confined.serve`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import structlog

from kwip.domain.errors import StoreUnavailableError
from kwip.domain.messages import lazy_gettext
from kwip.services.media.child.confined import LENGTH_BYTES, send, take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.services.media.child.confined import Answer

log = structlog.get_logger()

_PROJECT = Path(__file__).parents[4]
#: The most bytes in a part of an answer, and the most parts: a child that was taken
#: over could claim anything.
_MOST_BYTES, _MOST_PARTS = 16_000_000, 16
#: Signals that others send; those of a crash and of our limits are not among them.
_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on jobs.

    Attributes:
        memory_bytes: The child's address space.
        cpu_s: A job's processor time, in whole seconds.
        job_s: A job's time, including the wait for other processes' jobs.
        waiting: How many jobs there may be at once, including the running one.
        wait_s: How long a job waits for those ahead of it.
        idle_s: The child ends when no job has come for this long.
        file_bytes: The largest file that the child may write.
    """

    memory_bytes: int
    cpu_s: int = 10
    job_s: float = 30.0
    waiting: int = 4
    wait_s: float = 5.0
    idle_s: float = 10.0
    file_bytes: int = 0


class FailedError(Exception):
    """The child died during a job: it crashed, or exceeded a limit."""


class _KilledError(Exception):
    """Somebody else ended the child, such as a machine that ran out of memory."""


class Isolated:
    """Hand jobs to a child process, which is started on demand.

    Thread-safe. It does not fork the Python process, so any thread may start the child.

    Args:
        module: What the child runs, with `python -m`.
        limits: Limits on jobs.
    """

    def __init__(self, module: str, limits: Limits):
        self._module = module
        self._limits = limits
        self._places = threading.BoundedSemaphore(limits.waiting)
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._end_later: threading.Timer | None = None
        self._is_closing = threading.Event()

    def run(self, question: Mapping[str, Any], content: IO[bytes]) -> Answer:
        """Run one job; return its answer and the answer's parts.

        If something else kills the child, the job is tried once more.

        Raises:
            FailedError: The child did not survive it.
            StoreUnavailableError: Too many jobs are waiting, this one took too long, or
                its child was killed twice.
        """
        if self._is_closing.is_set():
            raise _busy("the process is ending")
        if not self._places.acquire(blocking=False):
            raise _busy("too many jobs wait")
        try:
            if not self._turn.acquire(timeout=self._limits.wait_s):
                raise _busy("jobs take too long")
            try:
                return self._ask_twice(question, content)
            finally:
                self._turn.release()
        finally:
            self._places.release()

    def close(self) -> None:
        """End the child, if there is one; a job that takes too long can be repeated."""
        self._is_closing.set()
        if not self._turn.acquire(timeout=self._limits.wait_s):
            if child := self._child:
                child.kill()
            self._turn.acquire()
        try:
            if self._end_later is not None:
                self._end_later.cancel()
            self._end()
        finally:
            self._turn.release()

    def _ask_twice(self, question: Mapping[str, Any], content: IO[bytes]) -> Answer:
        with suppress(_KilledError):
            return self._ask(question, content)
        try:
            return self._ask(question, content)
        except _KilledError as error:
            raise _interrupted("the child was killed twice") from error

    def _ask(self, question: Mapping[str, Any], content: IO[bytes]) -> Answer:
        if self._end_later is not None:
            self._end_later.cancel()
        child = self._child = self._child or self._start()
        is_late = threading.Event()
        watch = threading.Timer(self._limits.job_s, _kill, (child, is_late))
        watch.daemon = True
        watch.start()
        try:
            _send_job(_pipe(child.stdin), question, content)
            answer = _take_answer(_pipe(child.stdout))
        except (OSError, EOFError, ValueError, TypeError) as error:
            code = self._end()
            log.warning("isolated_job_failed", module=self._module, exit_code=code)
            if is_late.is_set() or self._is_closing.is_set():
                raise _busy("a job took too long") from error
            is_killed = code is not None and -code in _FROM_OUTSIDE
            raise (_KilledError if is_killed else FailedError) from error
        finally:
            watch.cancel()
        self._end_later = threading.Timer(self._limits.idle_s, self._end_if_idle)
        self._end_later.daemon = True
        self._end_later.start()
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        limits = self._limits
        given = (limits.memory_bytes, limits.cpu_s, limits.file_bytes)
        command = [sys.executable, "-m", self._module, *map(str, given)]
        try:
            return subprocess.Popen(  # noqa: S603 -- our own module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # the log has a single line format
                cwd=_PROJECT,
            )
        except OSError as error:
            raise _busy(f"no child process: {error.strerror}") from error

    def _end_if_idle(self) -> None:
        # Whichever thread holds the lock checks again.
        if self._turn.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._turn.release()

    def _end(self) -> int | None:
        """End the child; return its exit code, or None if it did not end by itself."""
        child, self._child = self._child, None
        if child is None:
            return None
        with suppress(OSError):  # what was not sent yet is lost
            _pipe(child.stdin).close()
        _pipe(child.stdout).close()
        try:
            return child.wait(1.0)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return None


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    return cast("IO[bytes]", end)  # `_start` asks for it


def _busy(reason: str) -> StoreUnavailableError:
    return StoreUnavailableError(
        lazy_gettext("Kwip is busy with other uploads. Try again in a few seconds."),
        retry_after_s=5.0,
        reason=reason,
    )


def _interrupted(reason: str) -> StoreUnavailableError:
    return StoreUnavailableError(
        lazy_gettext(
            "Processing your file was interrupted. Try again in a few seconds."
        ),
        retry_after_s=5.0,
        reason=reason,
    )


def _kill(child: subprocess.Popen[bytes], is_late: threading.Event) -> None:
    is_late.set()
    child.kill()


def _send_job(pipe: IO[bytes], question: Mapping[str, Any], content: IO[bytes]) -> None:
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    send(pipe, json.dumps(question).encode())
    pipe.write(size.to_bytes(LENGTH_BYTES, "big"))
    shutil.copyfileobj(content, pipe)
    pipe.flush()


def _take_answer(pipe: IO[bytes]) -> Answer:
    """Read an answer.

    Raises:
        EOFError: The child has ended.
        ValueError: It is not an answer.
        TypeError: It is not an answer.
    """
    answer, parts = json.loads(take(pipe, _MOST_BYTES))
    if parts > _MOST_PARTS:
        message = f"{parts} parts are too many"
        raise ValueError(message)
    return answer, [take(pipe, _MOST_BYTES) for _ in range(parts)]
