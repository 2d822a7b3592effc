"""Slices of what is read in pages: the part next to a cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from kwip.domain.ids import MAX_ID

R = TypeVar("R")


class NextToCursor:
    """Fields of every slice: the newest part below a cursor, or the oldest above it."""

    __slots__ = ()

    cursor: int
    is_upwards: bool

    @property
    def bounds(self) -> tuple[int, int]:
        """The cursors that bound it, exclusive: lower, upper."""
        return (self.cursor, MAX_ID) if self.is_upwards else (0, self.cursor)

    def place(self, form: str = "") -> str:
        """Return its name among its owner's slices; `form` is that of its payload."""
        if self.is_upwards:
            return f"above{form}:{self.cursor}"
        return f"head{form}" if self.cursor == MAX_ID else f"below{form}:{self.cursor}"


@dataclass(frozen=True, slots=True)
class RowChunk(Generic[R]):
    """A run of rows, newest first; `ends` says that nothing follows."""

    rows: tuple[R, ...]
    ends: bool
