"""Remember values in a process, within a memory limit."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """A thread-safe mapping of bounded size; the oldest values are removed first.

    Args:
        most_bytes: How much memory they may take together.
    """

    def __init__(self, most_bytes: int):
        self._most = most_bytes
        self._held = 0
        self._values: dict[K, tuple[V, int]] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return a value if it is still remembered; takes no lock."""
        found = self._values.get(key)
        return None if found is None else found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Remember a value, replacing an earlier one.

        `size` is the memory that key and value take, in bytes. An estimate is enough if
        it is not too low: `tests/services/reading/test_memory.py` weighs real values.
        """
        with self._lock:
            old = self._values.pop(key, None)
            self._held += size - (0 if old is None else old[1])
            self._values[key] = (value, size)
            while self._held > self._most:
                self._held -= self._values.pop(next(iter(self._values)))[1]


class Decoded(Generic[V]):
    """A thread-safe decoder that remembers the results for the same bytes.

    Equal bytes usually give the identical value, so callers can recognise by identity
    what they have seen before. Values must be immutable.

    Args:
        decode: Makes a value from bytes.
        most_bytes: How much memory bytes and values may take together.
        besides: What a value of no bytes takes.
        times: What it takes more for each byte, including the byte itself.
    """

    def __init__(
        self,
        decode: Callable[[bytes], V],
        most_bytes: int,
        *,
        besides: int = 0,
        times: float = 1,
    ):
        self._decode = decode
        self._besides = besides
        self._times = times
        self._values = Remembered[bytes, V](most_bytes)

    def __call__(self, raw: bytes) -> V:
        """Decode, or return the remembered value."""
        known = self._values.get(raw)
        return self.same(raw, self._decode(raw)) if known is None else known

    def same(self, raw: bytes, value: V) -> V:
        """Return the value remembered for these bytes, else remember this one."""
        known = self._values.get(raw)
        if known is None:
            size = self._besides + int(self._times * len(raw))
            self._values.put(raw, value, size)
            return value
        return known
