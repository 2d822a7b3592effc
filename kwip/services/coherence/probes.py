"""Check each server that Kwip needs, for `/readyz` and `kwip doctor`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import StoreUnavailableError
from kwip.domain.messages import lazy_gettext
from kwip.loops import SILENT_S
from kwip.services.coherence.clock_guard import MAX_SKEW_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kwip.loops import Loop
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.coherence.fence import Fence
    from kwip.store.client import Document

#: What is said of a machine that gets no more requests.
DRAINING = lazy_gettext("draining")
#: The shortest time between two looks at the indexes, in seconds.
INDEXES_EVERY_S = 5.0
_NO_PRIMARY = lazy_gettext("there is no primary")
_SILENT = lazy_gettext("not responding")
_NO_MONGODB = lazy_gettext("MongoDB is not responding")


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of checking one server; Kwip is not ready without a needed one.

    The `detail` is translated where it is shown, except for the names of loops.
    """

    ok: bool
    detail: str
    is_needed: bool


def probe_mongodb(hello: Callable[[], Document], clock_guard: ClockGuard) -> Probe:
    """Check whether MongoDB takes writes, and whether its clock agrees with ours."""
    try:
        if not hello().get("isWritablePrimary"):
            return Probe(ok=False, detail=_NO_PRIMARY, is_needed=True)
        skew_ms = clock_guard.skew_ms()
    except StoreUnavailableError:
        return Probe(ok=False, detail=_SILENT, is_needed=True)
    if abs(skew_ms) > MAX_SKEW_MS:
        detail = lazy_gettext(
            "the clocks are %(seconds)s s apart: use NTP",
            seconds=f"{abs(skew_ms) / 1000:.1f}",
        )
        return Probe(ok=False, detail=detail, is_needed=True)
    return Probe(ok=True, detail=lazy_gettext("primary"), is_needed=True)


class IndexProbe:
    """Checks whether all indexes exist, until they do; afterwards it costs nothing.

    An index that is dropped later makes its queries slow, which is no reason to take
    every server out of service: `kwip check` reports it.

    Args:
        missing: Returns the names of missing indexes; a command for each collection.
        clock_s: A monotonic clock in seconds.
    """

    def __init__(
        self,
        missing: Callable[[], Sequence[str]],
        clock_s: Callable[[], float] = time.monotonic,
    ):
        self._missing = missing
        self._clock_s = clock_s
        self._found = Probe(
            ok=False, detail=lazy_gettext("not checked yet"), is_needed=True
        )
        self._next_s = 0.0

    def __call__(self) -> Probe:
        """Check, unless all were there or it was a short while ago."""
        now_s = self._clock_s()
        if not self._found.ok and now_s >= self._next_s:
            self._next_s = now_s + INDEXES_EVERY_S
            self._found = self._look()
        return self._found

    def _look(self) -> Probe:
        try:
            missing = self._missing()
        except StoreUnavailableError:
            self._next_s = 0.0
            return Probe(ok=False, detail=_NO_MONGODB, is_needed=True)
        if missing:
            detail = lazy_gettext(
                "%(count)s missing: run `kwip db indexes --apply`", count=len(missing)
            )
            return Probe(ok=False, detail=detail, is_needed=True)
        return Probe(ok=True, detail=lazy_gettext("complete"), is_needed=True)


def probe_draining(is_draining: Callable[[], bool]) -> Probe:
    """Check whether this machine is to get requests."""
    if is_draining():
        return Probe(ok=False, detail=DRAINING, is_needed=True)
    return Probe(ok=True, detail=lazy_gettext("gets requests"), is_needed=True)


def probe_cache(fence: Fence) -> Probe:
    """Check whether this process may use the cache now; no I/O."""
    if fence.lease() is None:
        detail = lazy_gettext("not in use: every read goes to MongoDB")
        return Probe(ok=False, detail=detail, is_needed=False)
    return Probe(ok=True, detail=lazy_gettext("in use"), is_needed=False)


def probe_queue(ping: Callable[[], bool]) -> Probe:
    """Check whether the queue answers."""
    if ping():
        return Probe(ok=True, detail=lazy_gettext("responding"), is_needed=False)
    detail = lazy_gettext("not responding: new kwips are delivered later")
    return Probe(ok=False, detail=detail, is_needed=False)


def probe_loops(
    own: Callable[[], Iterable[Loop]],
    shared_s: Callable[[], Mapping[str, float]],
    is_reachable: Callable[[], bool],
) -> Probe:
    """Check whether all loops work: those of this process, and the shared ones.

    `shared_s` returns how long the shared ones have been silent. It is not called
    unless MongoDB `is_reachable`: that would only wait for the same timeout again.
    """
    silent_s = {loop.name: loop.silent_s for loop in own()}
    try:
        silent_s |= shared_s() if is_reachable() else {}
    except StoreUnavailableError:
        return Probe(ok=False, detail=_NO_MONGODB, is_needed=False)
    silent = [
        f"{name}: no heartbeat" + (f" for {s:.0f} s" if math.isfinite(s) else "")
        for name, s in silent_s.items()
        if s > SILENT_S
    ]
    detail = ", ".join(silent) or lazy_gettext("running")
    return Probe(ok=not silent, detail=detail, is_needed=False)
