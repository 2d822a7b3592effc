"""The child's side of `isolated`: take jobs from a pipe, within limits.

Imports only the standard library, because a request waits while a child starts.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    #: The result of a job: JSON, and bytes.
    Answer = tuple[Mapping[str, Any], list[bytes]]

LENGTH_BYTES = 4
#: How often a child looks whether it still has its parent.
_LOOK_S = 1.0


def serve(work: Callable[[Mapping[str, Any], bytes], Answer]) -> None:
    """Do jobs in this process until its parent ends or closes the pipe.

    `work` gets the question and the content of a job. An exception ends the process.
    """
    memory_bytes, cpu_s, file_bytes = map(int, sys.argv[1:])
    _confine(memory_bytes, file_bytes)
    _end_with(os.getppid())
    while (job := _take_job(sys.stdin.buffer)) is not None:
        with _one_at_a_time(work.__code__.co_filename):
            used = resource.getrusage(resource.RUSAGE_SELF)
            most_s = int(used.ru_utime + used.ru_stime) + 1 + cpu_s
            resource.setrlimit(resource.RLIMIT_CPU, (most_s, resource.RLIM_INFINITY))
            answer, parts = work(*job)
        del job
        send(sys.stdout.buffer, json.dumps([answer, len(parts)]).encode(), *parts)


def _confine(memory_bytes: int, file_bytes: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    with suppress(OSError):  # if memory runs out, this process is killed first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def _end_with(parent_id: int) -> None:
    """End this process once its parent has ended, even during a job.

    By a timer: a thread would take 70 MB of the address space.
    """

    def look(*_: object) -> None:
        if os.getppid() != parent_id:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_S, _LOOK_S)


@contextmanager
def _one_at_a_time(source: str) -> Iterator[None]:
    """Wait until no other process of this installation does work of this source."""
    file = os.open(source, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _take_job(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    try:
        question = take(pipe)
    except EOFError:
        return None
    return json.loads(question), take(pipe)


def send(pipe: IO[bytes], *contents: bytes) -> None:
    """Write each part, preceded by its length."""
    for content in contents:
        pipe.write(len(content).to_bytes(LENGTH_BYTES, "big"))
        pipe.write(content)
    pipe.flush()


def take(pipe: IO[bytes], most: int | None = None) -> bytes:
    """Read a length and that many bytes.

    Raises:
        EOFError: The pipe ends before that.
        ValueError: It is more than `most`.
    """
    size = int.from_bytes(_whole(pipe, LENGTH_BYTES), "big")
    if most is not None and size > most:
        message = f"{size} bytes are too many"
        raise ValueError(message)
    return _whole(pipe, size)


def _whole(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content
