"""Load entities from secondaries, as new as from the primary."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import structlog

from kwip import telemetry
from kwip.domain.errors import StoreUnavailableError
from kwip.services.reading.kinds import Kind, from_primary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.services.reading.entities import Entities
    from kwip.store.secondaries import Secondaries

log = structlog.get_logger()

#: How long the primary is read after a secondary was too late.
PAUSE_S = 5.0


class SecondaryLoads:
    """Loads from secondaries, or from the primary if none of them keeps up.

    What is loaded may fill the cache: it has every write that was acknowledged before,
    like a read from the primary (`docs/decisions/secondary-reads.md`).

    Args:
        secondaries: Where to load from.
        entities: Every kind, over the store of the secondaries.
        clock: Seconds that never go back.

    Attributes:
        paused_until: When a secondary may be tried again.
    """

    def __init__(
        self,
        secondaries: Secondaries,
        entities: Entities,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._secondaries = secondaries
        kinds: list[Kind[Any, Any]] = list(vars(entities).values())
        self._loads = {kind.name: kind.load for kind in kinds}
        self._clock = clock
        self.paused_until = float("-inf")

    def __call__(
        self, wanted: Mapping[Kind[Any, Any], Sequence[Any]]
    ) -> dict[Kind[Any, Any], Mapping[Any, Any]]:
        """Load ids of some kinds: one command to the primary, a query for each kind.

        Raises:
            StoreUnavailableError: The primary did not answer either.
        """
        if self._clock() < self.paused_until or not self._secondaries.exist():
            telemetry.SECONDARY_LOADS.labels("primary").inc()
            return from_primary(wanted)
        try:
            with self._secondaries.catch_up():
                found = {k: self._loads[k.name](ids) for k, ids in wanted.items()}
        except StoreUnavailableError as error:
            self.paused_until = self._clock() + PAUSE_S
            log.warning("secondaries_late", **error.context)
            telemetry.SECONDARY_LOADS.labels("late").inc()
            return from_primary(wanted)
        telemetry.SECONDARY_LOADS.labels("secondary").inc()
        return found
