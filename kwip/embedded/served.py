"""Processes that `kwip serve` has started: nobody supervises them.

Their mark differs from that of the children of `kwip up`, which would otherwise end
them as leftovers. It names the port of the role's metrics, which only one role of a
machine can have.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import psutil

from kwip import telemetry
from kwip.embedded.children import MARK, ROLE, mark_in, mark_of
from kwip.embedded.errors import CannotStartError
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings

_SERVED = "serve"


def environ_of(role: str, home: HomeFolder, metrics_port: int) -> Mapping[str, str]:
    """Return what marks a process, and tells it where to store its metrics."""
    return {
        MARK: f"{_SERVED}:{mark_of(home)}:{role}:{metrics_port}",
        ROLE: role,
        "PROMETHEUS_MULTIPROC_DIR": str(home.served_metrics(metrics_port)),
    }


def served(home: HomeFolder) -> list[psutil.Process]:
    """Return the processes of `home` that `kwip serve` has started."""
    beginning = f"{_SERVED}:{mark_of(home)}:"
    every = psutil.process_iter()
    return [each for each in every if mark_in(each).startswith(beginning)]


def require_none_served(home: HomeFolder) -> None:
    """Refuse to start the whole stack beside roles that run by themselves.

    Raises:
        CannotStartError: Such a role runs in `home`.
    """
    for process in served(home):
        raise CannotStartError(
            f"`kwip serve` already runs in {home.root} (process {process.pid}):"
            " stop it or set another KWIP_HOME and KWIP_PORT"
        )


def serve_metrics(settings: Settings) -> None:
    """Serve the metrics of this role, unless a supervisor does.

    Call it in each process of the role: they all listen, the kernel chooses one of
    them, and it answers with the sum over all.

    Raises:
        OSError: Somebody else has taken the port meanwhile.
    """
    mark = os.environ.get(MARK, "")  # noqa: TID251 -- ours, and no setting
    if mark.startswith(f"{_SERVED}:"):
        port = settings.metrics_port
        folder = HomeFolder(settings.home).served_metrics(port)
        telemetry.serve(folder, port, partial(_has, mark))


def _has(mark: str, pid: int) -> bool:
    try:
        return mark_in(psutil.Process(pid)) == mark
    except psutil.NoSuchProcess:
        return False
