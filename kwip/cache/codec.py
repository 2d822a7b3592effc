"""Pack a cached value: the state it was loaded under, then the value.

    generation (12 bytes) | epoch | version | soft expiry | flags | payload

The numbers are unsigned, big-endian, 8 bytes each, the flags one byte. So Lua can
compare the first two as bytes and unpack the version (`scripts/fill.lua`). The soft
expiry (ms since 1970, 0 for none) is reserved for serving slightly old values while
there is no primary; it is not used yet.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, NewType

#: 96 random bits, never used twice.
Generation = NewType("Generation", bytes)

#: Generation, epoch and version that a value was loaded under: the start of an entry.
Origin = NewType("Origin", bytes)

GENERATION_BYTES = 12
_HEADER = struct.Struct(">12sQQQB")
_ORIGIN = struct.Struct(">12sQQ")
_FLAGS_AT = _HEADER.size - 1
_IS_EMPTY = 1


class Entry(NamedTuple):
    """A value and what it was loaded under; `payload` is None for *known empty*."""

    generation: Generation
    epoch: int
    version: int
    payload: bytes | None


def pack_epoch(epoch: int) -> bytes:
    """Pack an epoch as in an entry, for Lua to compare."""
    return epoch.to_bytes(8, "big")


def pack(entry: Entry) -> bytes:
    """Pack an entry for storing."""
    generation, epoch, version, payload = entry
    if payload is None:
        return _HEADER.pack(generation, epoch, version, 0, _IS_EMPTY)
    return _HEADER.pack(generation, epoch, version, 0, 0) + payload


def unpack(raw: bytes) -> Entry:
    """Unpack a stored entry."""
    generation, epoch, version, _soft, flags = _HEADER.unpack_from(raw)
    payload = None if flags & _IS_EMPTY else raw[_HEADER.size :]
    return Entry(Generation(generation), epoch, version, payload)


def payload(raw: bytes) -> bytes | None:
    """Return only the payload of a stored entry; None for *known empty*."""
    return None if raw[_FLAGS_AT] & _IS_EMPTY else raw[_HEADER.size :]


def is_miss(reply: bytes) -> bool:
    """Return whether a reply of `entries.lua` is only a generation, no entry."""
    return len(reply) == GENERATION_BYTES


def origin(generation: Generation, epoch: int, version: int) -> Origin:
    """Pack the generation, epoch and version that a value was loaded under."""
    return Origin(_ORIGIN.pack(generation, epoch, version))


def origin_of(raw: bytes) -> Origin:
    """Return what a stored entry was loaded under, packed."""
    return Origin(raw[: _ORIGIN.size])
