"""Reads from secondaries that are as new as reads from the primary.

The primary tells up to which moment a majority has all writes, which is a small command
beside a query. A secondary then waits until it has them too (`afterClusterTime`) before
it reads. What was acknowledged is on a majority, so no read misses it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pymongo import ReadPreference
from pymongo import timeout as time_limit

from kwip.domain.errors import StoreUnavailableError
from kwip.store.client import Store, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bson import Timestamp

#: How long a read may take there, with its wait; a healthy secondary needs a few ms.
PATIENCE_S = 0.25


class Secondaries:
    """The secondaries of a replica set.

    Attributes:
        store: The same database, through the same client; reads go to a secondary while
            one is known, and only inside `catch_up` are they new enough.
    """

    def __init__(self, store: Store):
        self._primary = store
        self.store = Store(
            store.client,
            store.database.name,
            is_sharded=False,
            read_preference=ReadPreference.SECONDARY_PREFERRED,
        )

    def exist(self) -> bool:
        """Return whether a secondary was known when last checked; no I/O.

        Always False for a sharded cluster, whose routers do not tell the moment.
        """
        known = self._primary.client.topology_description.server_descriptions()
        return any(each.server_type_name == "RSSecondary" for each in known.values())

    @contextmanager
    def catch_up(self) -> Iterator[None]:
        """Let this thread's reads see all that was acknowledged before; 1 command.

        Raises:
            StoreUnavailableError: Not within `PATIENCE_S`.
        """
        client = self._primary.client
        with translated(), time_limit(PATIENCE_S):
            moment = self._moment()
            session = client.start_session(causal_consistency=True)
            session.advance_operation_time(moment)
            with session.bind():
                yield

    def _moment(self) -> Timestamp:
        """Ask the primary for the newest write that a majority has."""
        hello = self._primary.hello()
        if not hello.get("isWritablePrimary"):
            raise StoreUnavailableError(reason="the primary has just stepped down")
        found: Timestamp = hello["lastWrite"]["majorityOpTime"]["ts"]
        return found
