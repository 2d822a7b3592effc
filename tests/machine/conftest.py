from __future__ import annotations

from tests.jobs.conftest import (
    clock,
    is_sharded,
    kwip,
    make_worker,
    people,
    redis_cache,
    rings,
    snapshot,
    steps,
)

__all__ = [
    "clock",
    "is_sharded",
    "kwip",
    "make_worker",
    "people",
    "redis_cache",
    "rings",
    "snapshot",
    "steps",
]
