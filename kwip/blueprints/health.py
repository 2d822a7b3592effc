"""Health checks: whether this process runs, and whether it can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.services.coherence.probes import DRAINING

if TYPE_CHECKING:
    from flask import Response

ANYBODY = Policy(auth="none", scope=None, quota="none", cache="never", csrf="none")


def livez() -> Response:
    """Return 200 while the process accepts requests; no I/O."""
    return http.answer({"status": "ok"})


def readyz() -> Response:
    """Check each server; 503 if a required one cannot be used, or while draining.

    Without a Redis Kwip is `degraded`: slower, but ready.
    """
    found = {name: probe() for name, probe in http.site().probes.items()}
    is_ready = all(probe.ok for probe in found.values() if probe.is_needed)
    is_whole = all(probe.ok for probe in found.values())
    status = "ready" if is_whole else "degraded" if is_ready else "unready"
    if any(probe.detail == DRAINING for probe in found.values()):
        status = DRAINING
    checks = {n: {"ok": p.ok, "detail": p.detail} for n, p in found.items()}
    return http.answer({"status": status, "checks": checks}, 200 if is_ready else 503)


ROUTES = (
    Route("GET", "/livez", livez, ANYBODY),
    Route("GET", "/readyz", readyz, ANYBODY),
)
