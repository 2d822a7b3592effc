"""Pack a cached value: what it was loaded under stands before what was loaded.

    generation (12 bytes) | epoch | version | soft expiry | flags | payload

The numbers are unsigned, big-endian, 8 bytes each, the flags one byte, so that Lua
compares the first two as bytes and unpacks the version (`scripts/fill.lua`). The soft
expiry (ms since 1970, 0 for none) is for serving what is a little old while there is
no primary, which comes with the replica set; nobody reads it yet.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, NewType

#: 96 random bits, made once for a key and never again.
Generation = NewType("Generation", bytes)

#: What a value was loaded under: generation, epoch and version as an entry begins.
Stamp = NewType("Stamp", bytes)

GENERATION_BYTES = 12
_HEADER = struct.Struct(">12sQQQB")
_STAMP = struct.Struct(">12sQQ")
_FLAGS_AT = _HEADER.size - 1
_IS_EMPTY = 1


class Entry(NamedTuple):
    """A value and what it was loaded under; `payload` is None for *known empty*."""

    generation: Generation
    epoch: int
    version: int
    payload: bytes | None


def pack_epoch(epoch: int) -> bytes:
    """Pack an epoch as it stands in an entry, for Lua to compare."""
    return epoch.to_bytes(8, "big")


def pack(entry: Entry) -> bytes:
    """Pack an entry as it is stored."""
    generation, epoch, version, payload = entry
    if payload is None:
        return _HEADER.pack(generation, epoch, version, 0, _IS_EMPTY)
    return _HEADER.pack(generation, epoch, version, 0, 0) + payload


def unpack(raw: bytes) -> Entry:
    """Read a stored entry back."""
    generation, epoch, version, _soft, flags = _HEADER.unpack_from(raw)
    payload = None if flags & _IS_EMPTY else raw[_HEADER.size :]
    return Entry(Generation(generation), epoch, version, payload)


def payload(raw: bytes) -> bytes | None:
    """Take only the payload of a stored entry; None for *known empty*."""
    return None if raw[_FLAGS_AT] & _IS_EMPTY else raw[_HEADER.size :]


def is_miss(reply: bytes) -> bool:
    """Tell a bare generation from an entry in a reply of `scripts/read.lua`."""
    return len(reply) == GENERATION_BYTES


def stamp(generation: Generation, epoch: int, version: int) -> Stamp:
    """Pack what a value was loaded under."""
    return Stamp(_STAMP.pack(generation, epoch, version))


def stamp_of(raw: bytes) -> Stamp:
    """Take what a stored entry was loaded under."""
    return Stamp(raw[: _STAMP.size])
