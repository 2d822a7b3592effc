"""`python -m kwip.cli.starting.prepare`: prepare what the other programs store in.

A process of its own, so that the supervisor need not keep the drivers in memory. It
starts along with the private servers and waits for them. If it fails, its last line
says why.
"""

from __future__ import annotations

import sys

from config.endpoints import without_password
from config.settings import from_environment
from kwip.domain.accounts.setup import LIFETIME, WAITING
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import KwipError, StoreUnavailableError
from kwip.embedded import endpoints
from kwip.embedded.errors import CannotStartError
from kwip.embedded.prepare import prepare
from kwip.store.accounts.setup import SetupStore
from kwip.store.client import JOB_TIMEOUT_MS, Store, connect
from kwip.store.present_indexes import ensure_indexes


def main() -> None:
    """Set up the servers, create missing indexes, and check the bucket for files.

    The first argument, if there is one, is the digest of a code for the first
    administrator; the others are the private servers that form a replica set.

    Raises:
        SystemExit: With the line that says why it failed.
    """
    settings = from_environment()
    try:
        if settings.media_store_uri:
            _check_bucket(settings.media_store_uri)
        prepare(settings, sys.argv[2:])
        to = endpoints(settings)
        store = Store(connect(to.mongodb_uri, timeout_ms=JOB_TIMEOUT_MS), to.database)
        try:
            ensure_indexes(store.database)
            for digest in sys.argv[1:2]:
                _offer(store, digest)
        finally:
            store.close()
    except KwipError as error:
        sys.exit(error.message)


def _check_bucket(uri: str) -> None:
    from kwip.store.media_bucket import MediaBucket  # noqa: PLC0415 -- 5 MB

    try:
        MediaBucket(uri).check()
    except StoreUnavailableError as error:
        raise CannotStartError(
            f"KWIP_MEDIA_STORE_URI: {without_password(uri)} {error.message}"
        ) from error


def _offer(store: Store, digest: str) -> None:
    """Store the code for the first administrator, and print it if there is none yet."""
    end = at(system_clock_ms()) + LIFETIME
    if SetupStore(store).offer(digest, end):
        print(WAITING)  # noqa: T201 -- the supervisor reads it


if __name__ == "__main__":
    main()
