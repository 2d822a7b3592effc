"""How a long job tells whoever watches how far it has come."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """One phase at a time, from `done` of `total` on."""

    def begin(self, phase: str, total: int, done: int = 0) -> None:
        """Begin a phase; the one before it has ended."""

    def advance(self, count: int = 1) -> None:
        """Say that so many more are done."""
