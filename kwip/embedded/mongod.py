"""The command line of the private MongoDB."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from kwip.embedded.addresses import REPLICA_SET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kwip.embedded.home_folder import HomeFolder

#: MongoDB reserves 33,000 sessions, 33 MB; it runs at most 256 operations at a time.
_SESSIONS = "session_max=2000"
#: Seconds between checkpoints: a start after `kill -9` replays at most this much.
_CHECKPOINT_S = "10"
#: Milliseconds between flushes of the journal that no write waits for; acknowledged
#: writes ask for theirs at once. The default of 100 wakes an idle machine.
_JOURNAL_MS = "500"
#: Deliveries change many pages a little. With its defaults MongoDB evicts a page once
#: 5 % of the cache is dirty, which with such a small cache means writing each page many
#: times: 17.4 GB for 218,000 deliveries in 20 s, and 1.1 GB for 306,000 with these.
_EVICTION = (
    "eviction_dirty_target=50,eviction_dirty_trigger=80,"
    "eviction_updates_target=30,eviction_updates_trigger=60"
)
#: What a transaction has written stays locked after `kill -9` of its process until
#: MongoDB aborts it: by default after 60 s, measured 89 s. Ours take milliseconds.
_TRANSACTION_S = "5"
#: The smallest that MongoDB accepts without a special build; it bounds the disk.
_OPLOG_MB = "990"
#: When a primary hangs, the others wait 5 s for it, twice, before they copy from the
#: next one; until then that cannot confirm any write.
_MEMBER = {
    "oplogNetworkTimeoutBufferSeconds": "1",
    "oplogFetcherSteadyStateMaxFetcherRestarts": "0",
}
#: Makes the allocator return freed memory at once, and threads keep little of it: after
#: 6,000 posts were delivered it held 120 MB of unused memory, and 25 MB with these.
#: Variables, not options, because builds with another allocator reject the options.
ENVIRON = {
    "TCMALLOC_AGGRESSIVE_DECOMMIT": "1",
    "TCMALLOC_RELEASE_RATE": "10",
    "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES": "4194304",
}


def command(
    program: Path, home: HomeFolder, cache_mb: int, member: str = "mongod"
) -> list[str]:
    """Return the command line of the private MongoDB `member` of `home`."""
    # MongoDB's own option accepts no less than 256 MB.
    engine = f"cache_size={cache_mb}M,{_SESSIONS},{_EVICTION}"
    home.make_key_file()
    data, address = home.data(member), home.socket(member)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [
        str(program),
        *("--dbpath", str(data)),
        *("--replSet", REPLICA_SET),
        *("--keyFile", str(home.key_file)),
        # Only the socket is listened on; the prefix moves the one that would otherwise
        # be in /tmp to it.
        *("--bind_ip", str(address)),
        *("--port", address.stem.rpartition("-")[2]),
        *("--unixSocketPrefix", str(home.sockets)),
        *("--filePermissions", "0700"),
        *("--syncdelay", _CHECKPOINT_S),
        *("--journalCommitInterval", _JOURNAL_MS),
        *("--wiredTigerEngineConfigString", engine),
        *("--oplogSize", _OPLOG_MB),
        "--quiet",  # no line for each connection
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        *("--setParameter", f"transactionLifetimeLimitSeconds={_TRANSACTION_S}"),
        # The password is 48 random characters, so slow hashing gains nothing, and each
        # new connection would pay for it.
        *("--setParameter", "scramSHA256IterationCount=5000"),
        *(_parameters(_MEMBER) if member != "mongod" else ()),
    ]


def _parameters(values: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        yield from ("--setParameter", f"{name}={value}")


def listens(home: HomeFolder, member: str = "mongod") -> bool:
    """Return whether the private MongoDB `member` accepts connections.

    It does so once it has replayed its journal; the socket of a dead one does not.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(home.socket(member))) == 0
