"""Remember some values in a process, within a limit of memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Values by key, for many threads; what was put longest ago goes first.

    Args:
        most_bytes: How much memory they may take together.
    """

    def __init__(self, most_bytes: int):
        self._most = most_bytes
        self._held = 0
        self._values: dict[K, tuple[V, int]] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Give a value, if it is still remembered; it takes no lock."""
        found = self._values.get(key)
        return None if found is None else found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Remember a value in the place of what was there.

        `size` is the memory that key and value take, in bytes. An estimate will do if
        it is not too low: `tests/services/reading/test_memory.py` weighs real values.
        """
        with self._lock:
            old = self._values.pop(key, None)
            self._held += size - (0 if old is None else old[1])
            self._values[key] = (value, size)
            while self._held > self._most:
                self._held -= self._values.pop(next(iter(self._values)))[1]


class Decoded(Generic[V]):
    """A decoder that remembers what it made of the same bytes; for many threads.

    Equal bytes mostly give the very same value, so others can tell by identity what
    they have seen before. Values must be immutable.

    Args:
        decode: Makes a value of bytes.
        most_bytes: How much memory bytes and values may take together.
        besides: What a value takes that was made of no bytes.
        times: What it takes more for each byte, with the byte itself.
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
        """Decode, or remember."""
        known = self._values.get(raw)
        return self.same(raw, self._decode(raw)) if known is None else known

    def same(self, raw: bytes, value: V) -> V:
        """Give the value remembered of these bytes, else remember this one of them."""
        known = self._values.get(raw)
        if known is None:
            size = self._besides + int(self._times * len(raw))
            self._values.put(raw, value, size)
            return value
        return known
