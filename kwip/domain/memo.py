"""Remember what pure functions gave, so much of it and no more."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

V = TypeVar("V")


class Decoded(Generic[V]):
    """A decoder that remembers what it made of the same bytes; for many threads.

    Equal bytes give the very same value, so others can tell by identity what they
    have seen before. Values must be immutable.

    Args:
        decode: Makes a value of bytes.
        most_bytes: How many bytes to remember; what came longest ago goes first.
    """

    def __init__(self, decode: Callable[[bytes], V], most_bytes: int):
        self._decode = decode
        self._most = most_bytes
        self._held = 0
        self._values: dict[bytes, V] = {}
        self._lock = threading.Lock()

    def __call__(self, raw: bytes) -> V:
        """Decode, or remember."""
        try:
            return self._values[raw]
        except KeyError:
            value = self._decode(raw)
        with self._lock:
            if raw in self._values:  # another thread was faster; one value for all
                return self._values[raw]
            self._values[raw] = value
            self._held += len(raw)
            while self._held > self._most:
                oldest = next(iter(self._values))
                del self._values[oldest]
                self._held -= len(oldest)
        return value
