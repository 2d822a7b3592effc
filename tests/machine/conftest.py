from __future__ import annotations

from tests.jobs.conftest import (
    _quiet_log,
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
    "_quiet_log",
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
