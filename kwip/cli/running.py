"""Connect commands to the running stack."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from kwip.cli.doctor import not_running, processes
from kwip.cli.up import is_ready
from kwip.domain.errors import KwipError
from kwip.embedded import endpoints
from kwip.embedded.children import holder
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.probes import ask_mongodb
from kwip.wiring import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings
    from kwip.wiring import Wiring

#: Without these nothing is delivered.
_NEEDED = ("web", "worker")


class NotRunningError(KwipError):
    """The stack must be started first."""

    code = "not_running"


@contextmanager
def connected(settings: Settings) -> Iterator[Wiring]:
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
    wiring = build(settings, to, role="cli")
    try:
        yield wiring
    finally:
        wiring.close()


def require_stack(settings: Settings) -> None:
    """Check that posts would be delivered.

    Raises:
        NotRunningError: The web server is not ready, or a process is missing.
    """
    home = HomeFolder(settings.home)
    roles = {process.name for process in processes(home)} if home.root.exists() else ()
    missing = [role for role in _NEEDED if role not in roles]
    if missing or not is_ready(settings):
        what = ", ".join(missing) or "a web server that is ready"
        raise NotRunningError(
            f"This needs a running stack in {home.root} (missing: {what}). Start it"
            " with `kwip up`, and use the same KWIP_HOME."
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
