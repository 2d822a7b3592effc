"""Connect commands to the running stack."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from kwip.cli.up import address, is_ready
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import KwipError
from kwip.embedded import endpoints
from kwip.embedded.children import holder
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.machine import not_running, processes
from kwip.embedded.probes import ask_mongodb
from kwip.wiring import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings
    from kwip.wiring import Options, Wiring

#: Without these nothing is delivered.
_NEEDED = ("web", "worker")


class NotRunningError(KwipError):
    """The stack must be started first."""

    code = "not_running"


@contextmanager
def connected(settings: Settings, options: Options | None = None) -> Iterator[Wiring]:
    """Return a command's parts, after checking that MongoDB answers.

    Raises:
        NotRunningError: It does not, within 3 s.
    """
    _log_to_stderr()
    _require_supervisor(settings)
    to = endpoints(settings)
    answer = ask_mongodb(to.mongodb_uri)
    if not answer.is_ok:
        raise NotRunningError(f"MongoDB {answer.detail}")
    wiring = build(settings, to, role="cli", options=options)
    try:
        yield wiring
    finally:
        wiring.close()


def require_stack(settings: Settings) -> None:
    """Check that posts would be delivered, on this machine or another one.

    Raises:
        NotRunningError: There is no web server or no worker.
    """
    home = HomeFolder(settings.home)
    if holder(home) is None and settings.mongodb_uri:
        with connected(settings) as wiring:
            running = wiring.processes.running(at(system_clock_ms()))
        roles = {role for process in running for role in process.roles}
    else:
        roles = {process.name.partition("-")[0] for process in processes(home)}
    missing = [role for role in _NEEDED if role not in roles]
    if missing:
        what = ", ".join(missing)
        raise NotRunningError(
            f"This needs a running stack in {home.root} (missing: {what}). Start it"
            " with `kwip up` or `kwip serve`, and use the same settings."
        )


def require_web(settings: Settings) -> None:
    """Check that the web server of this machine answers.

    Raises:
        NotRunningError: It is not ready.
    """
    if not is_ready(settings):
        raise NotRunningError(
            f"{address(settings)} is not ready: start the web server, and use its"
            " settings."
        )


def _require_supervisor(settings: Settings) -> None:
    """Fail if the stack does not run, instead of waiting for its MongoDB."""
    home = HomeFolder(settings.home)
    if settings.mongodb_uri is None and holder(home) is None:
        raise NotRunningError(not_running(home))


def _log_to_stderr() -> None:
    """Keep standard output free for a command's own output."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        # Looked up each time, because the caller of a command may replace the stream.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
