"""Inspect the cache, for an operator: SCAN, never KEYS, in short calls.

When Redis is down, hangs or refuses, every function returns None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from kwip.cache import keys
from kwip.cache.keys import CacheKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.cache.client import Client

#: Keys per SCAN call.
_AT_ONCE = 500
_FIELD = "f:"


class Memory(NamedTuple):
    """How much memory Redis uses and may use (0: no limit), in bytes."""

    used_bytes: int
    most_bytes: int


class Inspection:
    """Read the names and entries of one deployment."""

    def __init__(self, client: Client, deployment: str):
        self._client = client
        self._deployment = deployment

    def iter_names(self) -> Iterator[list[CacheKey] | None]:
        """Iterate over the names of entities in batches; some may come twice.

        Names that exist from the beginning to the end are all included. None stands
        for a call that failed and ends the iteration.
        """
        start = keys.full(self._deployment, CacheKey(""))[:-1]
        cursor: bytes | str = "0"
        while True:
            reply = self._client.insist(
                "SCAN", cursor, "MATCH", f"{start}*", "COUNT", _AT_ONCE, fresh=False
            )
            if reply is None:
                yield None
                return
            cursor, names = cast("tuple[bytes, list[bytes]]", reply)
            yield [self._bare(name) for name in names]
            if cursor == b"0":
                return

    def _bare(self, name: bytes) -> CacheKey:
        whole = keys.full(self._deployment, CacheKey(""))
        return CacheKey(name.decode()[len(whole) - 1 : -1])

    def entries(self, key: CacheKey) -> dict[str, bytes] | None:
        """Read every entry of an entity, by variant; {} if there is none."""
        reply = self._client.insist(
            "HGETALL", keys.full(self._deployment, key), fresh=False
        )
        if reply is None:
            return None
        flat = iter(cast("list[bytes]", reply))
        fields = {name.decode(): value for name, value in zip(flat, flat, strict=True)}
        generation = fields.get("g")
        return {
            name.removeprefix(_FIELD): entry
            for name, entry in fields.items()
            if name.startswith(_FIELD) and entry.startswith(generation or b"\0")
        }

    def memory(self) -> Memory | None:
        """Ask how much memory Redis uses."""
        reply = self._client.insist("INFO", "memory", fresh=False)
        if reply is None:
            return None
        lines = cast("bytes", reply).decode().splitlines()
        told = dict(line.split(":", 1) for line in lines if ":" in line)
        return Memory(int(told["used_memory"]), int(told["maxmemory"]))
