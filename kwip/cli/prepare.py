"""`python -m kwip.cli.prepare`: make the databases ready for the programs.

A process of its own, so that the supervisor need not keep the drivers in memory. It is
started beside the private servers and waits for them. What keeps it from its work is
the last line that it prints.
"""

from __future__ import annotations

import sys

from config.settings import from_environment
from kwip.domain.errors import KwipError
from kwip.embedded import endpoints
from kwip.embedded.prepare import prepare
from kwip.store.client import JOB_TIMEOUT_MS, Store, connect
from kwip.store.indexes import ensure_indexes


def main() -> None:
    """Set the servers up, and create the indexes that are missing.

    Raises:
        SystemExit: With the line that says why it cannot be done.
    """
    settings = from_environment()
    try:
        prepare(settings)
        to = endpoints(settings)
        store = Store(connect(to.mongodb_uri, timeout_ms=JOB_TIMEOUT_MS), to.database)
        try:
            ensure_indexes(store.database)
        finally:
            store.close()
    except KwipError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
