"""Look at each server that Kwip needs, for `/readyz` and `kwip doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import StoreUnavailableError
from kwip.services.clock_guard import MAX_SKEW_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.services.clock_guard import ClockGuard
    from kwip.services.fence import Fence
    from kwip.store.client import Document


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at one server found; without a needed one Kwip is not ready."""

    ok: bool
    detail: str
    is_needed: bool


def probe_mongodb(hello: Callable[[], Document], clock_guard: ClockGuard) -> Probe:
    """Look whether MongoDB takes writes, and whether its clock agrees with ours."""
    try:
        if not hello().get("isWritablePrimary"):
            return Probe(ok=False, detail="there is no primary", is_needed=True)
        skew_ms = clock_guard.skew_ms()
    except StoreUnavailableError:
        return Probe(ok=False, detail="it does not answer", is_needed=True)
    if abs(skew_ms) > MAX_SKEW_MS:
        detail = f"the clocks are {abs(skew_ms) / 1000:.1f} s apart; set them"
        return Probe(ok=False, detail=detail, is_needed=True)
    return Probe(ok=True, detail="primary", is_needed=True)


def probe_cache(fence: Fence) -> Probe:
    """Look whether this process may use the cache at this moment; no I/O."""
    if fence.lease() is None:
        detail = "not in use: every read goes to MongoDB"
        return Probe(ok=False, detail=detail, is_needed=False)
    return Probe(ok=True, detail="in use", is_needed=False)


def probe_queue(ping: Callable[[], bool]) -> Probe:
    """Look whether the queue answers."""
    if ping():
        return Probe(ok=True, detail="answers", is_needed=False)
    detail = "it does not answer: new posts wait for their delivery"
    return Probe(ok=False, detail=detail, is_needed=False)
