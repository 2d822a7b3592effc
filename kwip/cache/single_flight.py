"""Share loads between threads, and only those loads that are young enough.

A reader may take another's result only if that load was made under the generation
that the reader itself has just read (`SingleFlight`, named by generation and epoch),
or, where there is none, if the load begins after the reader did (`BoundedLoads`: joined
only while it still waits for its turn). Joining any load under way would give a reader
what was true before it began (`tests/protocol` finds it).

No lock is taken to join: `dict.setdefault` is atomic. A load that failed is nobody's
result: who waited for it loads for itself.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

#: No load takes longer than the store's own limit; after that it is given up.
_WAIT_S = 5.0


class Flight(Generic[T]):
    """One load that others may wait for; made by who leads it."""

    __slots__ = ("_barrier", "result")

    def __init__(self) -> None:
        self._barrier = threading.Lock()
        self._barrier.acquire()
        #: In a tuple, so that None can be a result; None while there is none.
        self.result: tuple[T] | None = None

    def land(self) -> None:
        """Let those go on that wait; without a result each loads for itself."""
        self._barrier.release()

    def wait(self) -> tuple[T] | None:
        """Wait for the result, in a tuple; None if there will be none."""
        if self._barrier.acquire(timeout=_WAIT_S):
            self._barrier.release()
        return self.result


class SingleFlight(Generic[T]):
    """Loads under way, each named by all that it was begun under."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, Flight[T]] = {}

    def join(self, name: Hashable) -> tuple[Flight[T], bool]:
        """Give the flight of that name, and whether the caller is to lead it."""
        mine = Flight[T]()
        flight = self._under_way.setdefault(name, mine)
        return flight, flight is mine

    def depart(self, name: Hashable) -> None:
        """Let nobody join any more; only the leader may call it."""
        del self._under_way[name]


class BoundedLoads(Generic[T]):
    """Loads that wait for their turn, a few at a time.

    Args:
        cap: How many may load at once.
        patience_s: How long a load may wait for its turn.
    """

    def __init__(self, cap: int, patience_s: float):
        self._slots = threading.BoundedSemaphore(cap)
        self._patience_s = patience_s
        self._waiting = SingleFlight[T]()

    def load(self, name: Hashable, load: Callable[[], T]) -> tuple[T] | None:
        """Load in turn, or share a load of that name that has not begun.

        Gives the result in a tuple; None if no turn came in time.
        """
        flight, is_mine = self._waiting.join(name)
        if not is_mine:
            return flight.wait() or self._run(load, has_turn=self._take_turn())
        try:
            try:
                has_turn = self._take_turn()
            finally:
                self._waiting.depart(name)  # who comes now comes too late to share
            flight.result = self._run(load, has_turn=has_turn)
            return flight.result
        finally:
            flight.land()

    def _take_turn(self) -> bool:
        return self._slots.acquire(timeout=self._patience_s)

    def _run(self, load: Callable[[], T], *, has_turn: bool) -> tuple[T] | None:
        if not has_turn:
            return None
        try:
            return (load(),)
        finally:
            self._slots.release()
