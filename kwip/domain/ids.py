"""Identifiers: `unix_ms << 16 | slot << 4 | seq`, an int64, a string in JSON.

The layout is Mastodon's, so clients may sort ids and turn dates into ids. `slot`
(12 bits) is a logical shard: a user's is drawn at random, a post has its author's, so a
post is found by id and by author on one shard. `seq` (4 bits) starts at random in each
millisecond, so two processes that make an id for the same author in the same
millisecond collide once in about 16 times; the nonce of the post resolves that
(`services.posting.posts`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    import random

    from kwip.domain.clock import ClockMs

UserId = NewType("UserId", int)
PostId = NewType("PostId", int)
ListId = NewType("ListId", int)
AttachmentId = NewType("AttachmentId", int)

#: No user: nobody in particular, nobody yet, or nobody any more.
NOBODY = UserId(0)

#: Ids fit MongoDB's and every client's signed 64 bits.
MAX_ID = 2**63 - 1
_SLOT_BITS, _SEQ_BITS = 12, 4
SLOTS = 1 << _SLOT_BITS
_SEQS = 1 << _SEQ_BITS


def first_id_at(ms: int) -> int:
    """Return the lowest id of a millisecond; every later id is above it."""
    return ms << (_SLOT_BITS + _SEQ_BITS)


def ms_of(any_id: int) -> int:
    """Return the millisecond (since 1970, UTC) in which an id was made."""
    return any_id >> (_SLOT_BITS + _SEQ_BITS)


def slot_of(any_id: int) -> int:
    """Return the logical shard (0 to 4,095) of an id."""
    return any_id >> _SEQ_BITS & (SLOTS - 1)


def parse_id(text: str) -> int | None:
    """Read an id from a decimal string; None if it is not one in 0 to 2^63-1."""
    # isdecimal accepts digits of other scripts; 19 digits bound the int() call.
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_ID))):
        return None
    value = int(text)
    return value if value <= MAX_ID else None


class IdGenerator:
    """Make ids that never go backwards within a slot; thread-safe.

    Args:
        clock: The wall clock, or a loader's own.
        rng: The source of the start of `seq`.
    """

    def __init__(self, clock: ClockMs, rng: random.Random):
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._last: dict[int, int] = {}  # slot -> newest id made; at most SLOTS

    def next_id(self, slot: int, *, above: int = 0) -> int:
        """Make an id in `slot`, at least 1 ms above the id `above` (a parent's).

        If the clock goes back, or after more than 16 ids in a millisecond, it borrows
        from the following milliseconds.
        """
        with self._lock:
            last = self._last.get(slot, 0)
            ms = max(self._clock(), ms_of(above) + 1 if above else 0)
            if ms > ms_of(last):
                new = self._make(ms, slot)
            elif (last & (_SEQS - 1)) == _SEQS - 1:
                new = self._make(ms_of(last) + 1, slot)
            else:
                new = last + 1
            self._last[slot] = new
            return new

    def random_slot(self) -> int:
        """Draw a user's logical shard."""
        return self._rng.randrange(SLOTS)

    def _make(self, ms: int, slot: int) -> int:
        return first_id_at(ms) | slot << _SEQ_BITS | self._rng.randrange(_SEQS)
