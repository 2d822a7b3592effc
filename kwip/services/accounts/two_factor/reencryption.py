"""Encrypt the keys of apps again after the site's secret key has changed.

A process that runs the sweeper does it a little at a time after its start, because a
key changes with a restart only. What no key decrypts is left, and logged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import NOBODY

if TYPE_CHECKING:
    from kwip.domain.accounts.two_factor import TwoFactor
    from kwip.domain.ids import UserId
    from kwip.services.accounts.two_factor.sealing import Sealer
    from kwip.store.accounts.two_factor import TwoFactorStore

log = structlog.get_logger()

#: How many users are looked at in one go, some milliseconds each.
AT_ONCE = 50


@dataclass(slots=True)
class Reencryption:
    """Go through the keys of apps once; `run` continues where it stopped."""

    store: TwoFactorStore
    sealer: Sealer
    _after: UserId = NOBODY
    _is_done: bool = False
    _unreadable: int = 0

    def run(self) -> int:
        """Encrypt the next ones again; count them. One query, none once it is done."""
        if self._is_done:
            return 0
        ids = self.store.sealed_otherwise(self.sealer.key_id, self._after, AT_ONCE)
        changed = sum(self._reseal(user_id) for user_id in ids)
        if len(ids) < AT_ONCE:
            self._is_done = True
            if self._unreadable:
                log.error("two_factor_keys_unreadable", users=self._unreadable)
        else:
            self._after = ids[-1]
        return changed

    def _reseal(self, user_id: UserId) -> int:
        def decide(state: TwoFactor) -> tuple[TwoFactor, None]:
            if state.app is None:
                return state, None
            key = self.sealer.seal(self.sealer.unseal(state.app.key))
            return replace(state, app=replace(state.app, key=key)), None

        try:
            self.store.change(user_id, decide)
        except InvalidError:
            self._unreadable += 1
            return 0
        except NotFoundError:  # deleted meanwhile
            return 0
        return 1
