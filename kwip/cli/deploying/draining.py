"""Take the web servers of this machine out of service, and wait for their requests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from config.draining import draining_mark
from kwip.cli.deploying.local import open_requests, programs
from kwip.cli.running import NotRunningError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.embedded.home_folder import HomeFolder

_LOOK_S = 0.2


def drain(
    home: HomeFolder,
    *,
    settle_s: float,
    within_s: float,
    sleep: Callable[[float], None] = time.sleep,
    clock_s: Callable[[], float] = time.monotonic,
) -> int:
    """Make `/readyz` say `draining`; return how many requests are open in the end.

    Waits `settle_s` for the load balancers to notice, and then until none is open, or
    `within_s` is over.

    Raises:
        NotRunningError: No web server runs here.
    """
    found = [each for each in programs(home) if each.role == "web"]
    if not found:
        raise NotRunningError(f"No web server of {home.root} runs on this machine.")
    draining_mark(home.root).touch()
    sleep(settle_s)
    end_s = clock_s() + within_s
    while (left := open_requests(programs(home))) and clock_s() < end_s:
        sleep(_LOOK_S)
    return left


def end_drain(home: HomeFolder) -> None:
    """Let `/readyz` say again what is."""
    draining_mark(home.root).unlink(missing_ok=True)
