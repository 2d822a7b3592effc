"""The settings of the servers: which programs to start, or who else answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 -- `get_type_hints` looks for it
from typing import Annotated

from config import values
from config.rules import Rule
from config.security import SecuritySettings

_REDIS_URI = values.uri("redis", "rediss", "unix")
_REDIS_ALLOWED = "a URI such as redis://:password@host:6379/0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings(SecuritySettings):
    """Where MongoDB and the Redis roles are; None is an embedded server.

    It stands on the others because classes with slots cannot stand side by side.
    """

    mongod: Annotated[
        Path | None,
        Rule(
            "KWIP_MONGOD",
            values.program,
            None,
            shown="the one in the Python environment, else on the PATH",
            allowed="the path of a mongod program, 6.0 or newer",
            doc="The MongoDB server that `kwip up` starts.",
        ),
    ]
    mongod_cache_mb: Annotated[
        int,
        Rule(
            "KWIP_MONGOD_CACHE_MB",
            values.number(16, 1_000_000),
            32,
            shown="32",
            allowed="a number from 16 to 1000000",
            doc="Memory for the cache of that MongoDB, in MB, beside what the system "
            "caches of its files. More makes large sites faster: 256 from some "
            "10,000 users on.",
        ),
    ]
    valkey: Annotated[
        Path | None,
        Rule(
            "KWIP_VALKEY",
            values.program,
            None,
            shown="the one in the Python environment, else on the PATH",
            allowed="the path of a valkey-server or redis-server program, 6.2 or newer",
            doc="The Valkey or Redis server that `kwip up` starts, twice.",
        ),
    ]
    mongodb_uri: Annotated[
        str | None,
        Rule(
            "KWIP_MONGODB_URI",
            values.uri("mongodb", "mongodb+srv"),
            None,
            shown="an embedded server",
            allowed="a URI such as mongodb://user:password@host/kwip?replicaSet=rs0",
            doc="A MongoDB replica set or sharded cluster instead of the embedded "
            "server. The path names the database (`kwip` without one).",
        ),
    ]
    redis_cache_uri: Annotated[
        str | None,
        Rule(
            "KWIP_REDIS_CACHE_URI",
            _REDIS_URI,
            None,
            shown="an embedded server",
            allowed=_REDIS_ALLOWED,
            doc="The cache: no replicas, no RDB, no AOF, an LFU eviction policy.",
        ),
    ]
    redis_cache_uris: Annotated[
        dict[str, str] | None,
        Rule(
            "KWIP_REDIS_CACHE_URIS",
            values.named_uris("redis", "rediss", "unix"),
            None,
            shown="one cache, that of `KWIP_REDIS_CACHE_URI`",
            allowed="names and URIs such as a=redis://one:6379/0,b=redis://two:6379/0",
            doc="Several caches, each a whole copy for a group of processes; the same "
            "list in every process. `KWIP_CACHE_NODE` says which one this process "
            "reads ([how to add one](scaling.md#several-caches)).",
        ),
    ]
    cache_node: Annotated[
        str,
        Rule(
            "KWIP_CACHE_NODE",
            values.name,
            "cache",
            shown="cache",
            allowed="a name in KWIP_REDIS_CACHE_URIS, if that is set",
            doc="Which of several caches this process reads.",
        ),
    ]
    redis_queue_uri: Annotated[
        str | None,
        Rule(
            "KWIP_REDIS_QUEUE_URI",
            _REDIS_URI,
            None,
            shown="an embedded server",
            allowed=_REDIS_ALLOWED,
            doc="The job queue: with AOF, never evicting.",
        ),
    ]
    redis_realtime_uri: Annotated[
        str | None,
        Rule(
            "KWIP_REDIS_REALTIME_URI",
            _REDIS_URI,
            None,
            shown="the embedded queue server, database 1",
            allowed=_REDIS_ALLOWED,
            doc="Doorbells and the limits that guard signing in: never evicting.",
        ),
    ]
