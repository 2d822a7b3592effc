"""The settings of the servers: which programs to start, or which others to use."""

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

    It inherits from the others because several bases with slots cannot be combined.
    """

    mongod: Annotated[
        Path | None,
        Rule(
            "KWIP_MONGOD",
            values.program,
            None,
            shown="the one in the Python environment, otherwise on the PATH",
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
            doc="Cache memory of that MongoDB server, in MB, in addition to the "
            "system's file cache. Use 256 for more than about 10,000 users.",
        ),
    ]
    valkey: Annotated[
        Path | None,
        Rule(
            "KWIP_VALKEY",
            values.program,
            None,
            shown="the one in the Python environment, otherwise on the PATH",
            allowed="the path of a valkey-server or redis-server program, 6.2 or newer",
            doc="The Valkey or Redis server that `kwip up` starts (two of them).",
        ),
    ]
    valkey_cache_mb: Annotated[
        int,
        Rule(
            "KWIP_VALKEY_CACHE_MB",
            values.number(16, 1_000_000),
            64,
            shown="64",
            allowed="a number from 16 to 1000000",
            doc="Memory of the cache that `kwip up` starts, in MB. When it is full, "
            "what is rarely used is removed.",
        ),
    ]
    mongodb_uri: Annotated[
        str | None,
        Rule(
            "KWIP_MONGODB_URI",
            values.uri("mongodb", "mongodb+srv"),
            None,
            shown="an embedded server",
            allowed="a URI such as "
            "mongodb://user:password@host/kwip?authSource=admin&replicaSet=rs0",
            doc="A MongoDB replica set or sharded cluster to use instead of the "
            "embedded server. The path is the database name, by default `kwip`. "
            "`authSource` is the database in which the user was created.",
        ),
    ]
    read_from_secondaries: Annotated[
        bool,
        Rule(
            "KWIP_READ_FROM_SECONDARIES",
            values.flag,
            default=False,
            shown="0",
            allowed="1 or 0",
            doc="Whether widgets, feeds and the pages of visitors who are not logged "
            "in are loaded from secondaries of the replica set. They are as new as "
            "from the primary ([how](decisions/secondary-reads.md)). `kwip routes` "
            "lists the routes.",
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
            doc="The server for the cache. It needs an LFU eviction policy, and must "
            "have no replicas, no RDB and no AOF.",
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
            doc="Several caches, each a full copy for a group of processes. Use the "
            "same list in every process, and choose the cache that a process reads "
            "with `KWIP_CACHE_NODE` ([how to add one](scaling.md#several-caches)).",
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
            doc="The cache that this process reads, if there are several.",
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
            doc="The server for the job queue. It needs AOF, and must never evict.",
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
            doc="The server for signals to open pages and for sign-in limits. It must "
            "never evict.",
        ),
    ]
