"""What every process remembers of the site: settings, announcements, discovery rules.

A number in the fence, which every process reads about once a second anyway, counts the
changes of all of them; whoever sees another number reads them again. A change is
acknowledged when every lease from before it has expired, and a process without a lease
reads again every 2 s. So no request that begins later sees what was before
(docs/decisions/site-settings.md).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from kwip.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.services.coherence.fence import Fence

log = structlog.get_logger()

T = TypeVar("T")

#: After MongoDB did not answer, it is not asked again for this long.
_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """What was read, the number in the fence before, and until when it holds.

    `until` is for a process that has no lease.
    """

    value: T
    seen: int | None
    until: float


class SiteMemory(Generic[T]):
    """Remember a value of the site, and read it again when it has changed.

    Args:
        first: What holds until it was read.
        read: Reads it; one query.
        fence: Says when something has changed.
        lease_s: How long it is used without a lease.
        elapsed: Seconds since the machine booted.
    """

    def __init__(
        self,
        first: T,
        read: Callable[[], T],
        *,
        fence: Fence,
        lease_s: float,
        elapsed: Callable[[], float],
    ):
        self._read = read
        self._fence = fence
        self._lease_s = lease_s
        self._elapsed = elapsed
        self._known = _Known(first, None, -1.0)
        self._failed_at = -_PAUSE_S
        self._lock = threading.Lock()

    def current(self) -> T:
        """Return the value; reads it only if this process must.

        One query after a change. If MongoDB does not answer, what is known.
        """
        if not self._is_fresh():
            with self._lock:
                if not self._is_fresh():
                    self._read_again()
        return self._known.value

    def changed(self) -> None:
        """Read it again, and wait until every process has to. About 2.4 s.

        Call it after a change is stored: this process sees it at once.

        Raises:
            StoreUnavailableError: It cannot be read.
        """
        with self._lock:
            self._known = _Known(self._read(), None, -1.0)
        self._fence.outlast_leases()

    def _is_fresh(self) -> bool:
        known, version = self._known, self._fence.site_version()
        if version is not None:
            return known.seen == version
        return self._elapsed() < known.until

    def _read_again(self) -> None:
        # What is read now is at least as new as the number that is known now.
        version, began = self._fence.site_version(), self._elapsed()
        if began - self._failed_at < _PAUSE_S:
            return
        try:
            found = self._read()
        except StoreUnavailableError as error:
            log.warning("site_unreadable", **error.context)
            self._failed_at = began
            return
        self._known = _Known(found, version, began + self._lease_s)
