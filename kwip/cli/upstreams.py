"""`kwip upstreams`: check the servers behind nginx."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from config.logging import configure
from kwip.cli import kwip
from kwip.embedded.errors import CannotStartError
from kwip.embedded.home_folder import HomeFolder
from kwip.nginx import upstreams
from kwip.nginx.health_checks import EVERY_S, check_all
from kwip.nginx.upstreams import Judge, NotRunningError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings

log = structlog.get_logger()

#: How long nginx may take to start new workers.
_RELOADED_S = 2.0


@click.group("upstreams")
def command() -> None:
    """Check the servers behind nginx."""


@command.command("watch")
@click.option(
    "--pid-file",
    type=click.Path(path_type=Path),
    default=Path("/run/nginx.pid"),
    show_default=True,
    help="Where nginx writes its process id.",
)
@click.pass_obj
def watch(settings: Settings, *, pid_file: Path) -> None:
    """Take servers that fail out of nginx, and bring them back.

    Asks every web server and live process for /readyz twice a second. One that does not
    answer within 1.2 s, or fails two checks in a row, is marked as down in the lists
    that nginx includes (KWIP_HOME/upstreams, written by `kwip config nginx --watched`),
    and nginx is reloaded. It gets requests again when two checks have passed. The last
    servers of a list are never marked. Needs no database.
    """
    configure(settings.log_level)
    folder = HomeFolder(settings.home).upstreams
    upstreams.read(folder)  # or there is nothing to do
    log.info("upstreams_watched", folder=str(folder))
    asyncio.run(_Watch(folder, pid_file).run())


@dataclass(slots=True)
class _Watch:
    folder: Path
    pid_file: Path
    judge: Judge = field(default_factory=Judge)
    #: The workers before a reload, and until when new ones must be there.
    _old: frozenset[int] = frozenset()
    _until: float = 0.0
    #: Whether nginx has still to read the lists, and why it could not.
    _is_due: bool = False
    _hint: str = ""

    async def run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self._look()
            except (OSError, ValueError, CannotStartError) as error:
                log.error("upstreams_failed", error=str(error))  # noqa: TRY400
            await asyncio.sleep(max(0.05, began + EVERY_S - time.monotonic()))

    async def _look(self) -> None:
        pools = upstreams.read(self.folder)
        servers = dict(sorted(each for pool in pools.values() for each in pool.items()))
        for address, check in (await check_all(servers)).items():
            self.judge.note(address, check)
        changed: dict[str, bool] = {}
        for name, pool in pools.items():
            changed |= self._mark(name, pool)
        for address, is_down in changed.items():
            reason = self.judge.settle(address, is_down=is_down)
            event = "upstream_down" if is_down else "upstream_up"
            log.warning(event, server=address, reason=reason)
        self._is_due |= bool(changed)
        self._reload()

    def _mark(self, name: str, pool: Mapping[str, bool]) -> dict[str, bool]:
        """Change the marks in the list of a pool; return the new ones."""
        down = self.judge.down(pool)
        new = {a: a in down for a, is_down in pool.items() if (a in down) != is_down}
        if new:
            upstreams.mark(self.folder, name, new)
        return new

    def _reload(self) -> None:
        """Let nginx read the lists if they have changed, and see whether it does."""
        try:
            if self._is_due:
                self._old = upstreams.workers(self.pid_file)
                self._until = time.monotonic() + _RELOADED_S
                upstreams.reload(self.pid_file)
                self._is_due, self._hint = False, ""
            elif self._old and time.monotonic() > self._until:
                if upstreams.workers(self.pid_file) <= self._old:
                    self._complain("run `nginx -t`")
                self._old = frozenset()
        except (NotRunningError, PermissionError) as error:
            self._old = frozenset()
            if self._is_due:
                self._complain(str(error))

    def _complain(self, hint: str) -> None:
        """Log that nginx has not read the lists; once, however often it is tried."""
        if hint != self._hint:
            log.error("nginx_not_reloaded", hint=hint)
        self._hint = hint


if __name__ == "__main__":
    kwip(["upstreams", "watch", *sys.argv[1:]])
