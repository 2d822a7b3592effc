"""See the gravest alerts fire at a running site, and end: `make alerts`.

Prometheus and Alertmanager have the rules as they are, with durations that are 60 times
shorter. It prints how many seconds each alert took. Part of it is a test of the suite.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.ops.alerting import Monitoring
from tests.ops.outages import deliveries_fail, no_primary, queue_hangs
from tests.ops.stack import Stack

KWIP = (sys.executable, "-c", "from kwip.cli import main; main()")
OUTAGES = (
    ((queue_hangs,), ("KwipRedisBreakerOpen",)),
    ((deliveries_fail,), ("KwipDeadLetters", "KwipFanoutStalled")),
    ((no_primary,), ("KwipNoPrimary", "KwipErrorBudgetBurn")),
)


def hold(stack, monitoring, outages, alerts):
    """Wait until all alerts fire during some outages, and end after them.

    The outage that begins last ends first. Returns both times in seconds.
    """
    began = time.monotonic()
    with ExitStack() as all_of_them:
        for outage in outages:
            all_of_them.enter_context(outage(stack))
        monitoring.wait_for(*alerts)
        fired = time.monotonic()
    monitoring.wait_for_end_of(*alerts)
    return fired - began, time.monotonic() - fired


def _hold_all(stack, folder):
    monitoring = Monitoring(folder, stack.settings.metrics_port)
    try:
        for outages, alerts in OUTAGES:
            fired_s, ended_s = hold(stack, monitoring, outages, alerts)
            sys.stdout.write(
                f"{', '.join(alerts)}: fired after {fired_s:.1f} s, ended"
                f" {ended_s:.1f} s after the outage\n"
            )
    finally:
        monitoring.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="kwip-") as folder:
        stack = Stack(Path(folder) / "home")
        try:
            stack.start(*KWIP, "up")
            _hold_all(stack, Path(folder))
        finally:
            stack.clean_up()


if __name__ == "__main__":
    main()
