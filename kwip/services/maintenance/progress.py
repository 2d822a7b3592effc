"""How a long job reports its progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Reports one phase at a time, from `done` of `total` on."""

    def begin(self, phase: str, total: int, done: int = 0) -> None:
        """Begin a phase; the previous one has ended."""

    def advance(self, count: int = 1) -> None:
        """Report that `count` more are done."""


class NoProgress:
    """Progress that nobody watches."""

    def begin(self, phase: str, total: int, done: int = 0) -> None:
        """Begin a phase."""

    def advance(self, count: int = 1) -> None:
        """Go on."""
