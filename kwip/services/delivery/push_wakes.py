"""Wake the devices of users who have new notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kwip.domain.clock import at
from kwip.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.delivery.signals import Enqueue
    from kwip.store.push.subscriptions import PushSubscriptionStore

log = structlog.get_logger()
#: The job that sends to one device.
PUSH = "push"


@dataclass(frozen=True, slots=True)
class PushWakes:
    """Let devices be told soon, after what there is to tell is stored."""

    store: PushSubscriptionStore
    enqueue: Enqueue
    clock: ClockMs

    def wake(self, user_ids: Sequence[UserId]) -> None:
        """Enqueue the devices of some users; never raises.

        One query, and one more if there are devices. Where it fails, or its process
        dies before, the devices find what is new at their next regular time.
        """
        try:
            woken = self.store.wake(user_ids, at(self.clock())) if user_ids else []
        except StoreUnavailableError as error:
            log.warning("push_wake_failed", reason=error.context.get("reason", ""))
            return
        for each in woken:
            self.enqueue(PUSH, each)
