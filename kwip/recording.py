"""What one request asks of MongoDB and Redis, for the toolbar of developers.

Nothing is recorded outside of `recorded`, so nothing is kept of requests that nobody
watches.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command that was sent and answered.

    `shape` has no values; `sent` is the command with them, to ask MongoDB for its plan.
    """

    server: str
    name: str
    target: str
    shape: str
    ms: float
    sent: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """The commands of one request, and its lookups in the cache by kind and result."""

    commands: list[Command] = field(default_factory=list)
    lookups: Counter[tuple[str, str]] = field(default_factory=Counter)


_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


@contextmanager
def recorded() -> Iterator[Recording]:
    """Record what this thread does meanwhile."""
    recording = Recording()
    token = _current.set(recording)
    try:
        yield recording
    finally:
        _current.reset(token)


def is_recording() -> bool:
    """Return whether this thread's request is recorded."""
    return _current.get() is not None


def note_command(command: Command) -> None:
    """Add a command to what is being recorded, if anything is."""
    if (recording := _current.get()) is not None:
        recording.commands.append(command)


def note_lookups(kind: str, result: str, number: int = 1) -> None:
    """Add lookups in the cache to what is being recorded, if anything is."""
    if (recording := _current.get()) is not None:
        recording.lookups[kind, result] += number
