"""Share loads between threads, but only loads that are recent enough.

A reader may use another's result only if that load was made under the generation
that the reader itself has just read (`SingleFlight`, keyed by generation and epoch) or,
without one, if the load begins after the reader did (`BoundedLoads`: joined only while
it still waits for its turn). Joining just any load in progress would give a reader an
older state than when it began (`tests/protocol` finds that).

Joining takes no lock: `dict.setdefault` is atomic. The result of a failed load is not
shared: those who waited for it load for themselves.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

#: No load takes longer than the store's own limit; waiting is given up after that.
_WAIT_S = 5.0


class Flight(Generic[T]):
    """One load that others may wait for; created by its leader."""

    __slots__ = ("_barrier", "result")

    def __init__(self) -> None:
        self._barrier = threading.Lock()
        self._barrier.acquire()
        #: In a tuple, so that None can be a result; None while there is none.
        self.result: tuple[T] | None = None

    def land(self) -> None:
        """Wake the waiting threads; without a result each loads for itself."""
        self._barrier.release()

    def wait(self) -> tuple[T] | None:
        """Wait for the result, in a tuple; None if there will be none."""
        if self._barrier.acquire(timeout=_WAIT_S):
            self._barrier.release()
        return self.result


class SingleFlight(Generic[T]):
    """Loads in progress, each keyed by all that it was begun under."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, Flight[T]] = {}

    def join(self, name: Hashable) -> tuple[Flight[T], bool]:
        """Return the flight of that name, and whether the caller must lead it."""
        mine = Flight[T]()
        flight = self._under_way.setdefault(name, mine)
        return flight, flight is mine

    def depart(self, name: Hashable) -> None:
        """Close a flight to further threads; only its leader may call this."""
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

        Returns the result in a tuple; None if no turn came in time.
        """
        flight, is_mine = self._waiting.join(name)
        if not is_mine:
            return flight.wait() or self._run(load, has_turn=self._take_turn())
        try:
            try:
                has_turn = self._take_turn()
            finally:
                self._waiting.depart(name)  # later callers must not share this load
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
