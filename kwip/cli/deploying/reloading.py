"""Replace the programs of this machine by those of the files on its disk."""

from __future__ import annotations

import os
import signal
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kwip import __version__
from kwip.cli.checking import agreement
from kwip.cli.deploying.draining import end_drain
from kwip.cli.deploying.local import Program, programs
from kwip.cli.up import is_ready
from kwip.domain.errors import KwipError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from config.settings import Settings
    from kwip.embedded.home_folder import HomeFolder
    from kwip.wiring import Wiring

Found = TypeVar("Found")

_LOOK_S = 0.2
_PORTS = {"web": "KWIP_PORT", "live": "KWIP_LIVE_PORT"}


class NotReplacedError(KwipError):
    """A program was not replaced; the ones after it were left as they are."""

    code = "not_replaced"


@dataclass(frozen=True, slots=True)
class Replaced:
    """A program that is ready again, and how it was replaced: reloaded or restarted."""

    name: str
    how: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Reload:
    """Replaces one program after the other, and waits until each new one is ready.

    Attributes:
        within_s: How long that may take for each.
    """

    settings: Settings
    home: HomeFolder
    wiring: Wiring
    within_s: float
    sleep: Callable[[float], None] = time.sleep

    def run(self, roles: Collection[str]) -> Iterator[Replaced]:
        """Replace the programs of `roles`; yield each when it is ready again.

        Raises:
            NotReplacedError: One is not.
        """
        for old in programs(self.home):
            if old.role in roles:
                began = time.monotonic()
                is_web = old.role == "web"
                how = self._reloaded(old) if is_web else self._restarted(old)
                yield Replaced(old.name, how, round(time.monotonic() - began, 1))
        end_drain(self.home)

    def _reloaded(self, old: Program) -> str:
        """Let a web server start new processes before it stops the old ones."""
        os.kill(old.pid, signal.SIGHUP)
        new = self._wait(
            lambda: self._successor(old),
            f"{old.name}: process {old.pid} did not get new processes within"
            f" {self.within_s:.0f} s. The old ones go on. Look for the reason in its"
            " log, mend it, and run this command again.",
        )
        self._wait_until_ready(new)
        return "reloaded"

    def _successor(self, old: Program) -> Program | None:
        """Return the web server once all its processes are new.

        Raises:
            NotReplacedError: It has ended.
        """
        found = {each.pid: each for each in programs(self.home)}
        if old.pid not in found:
            raise NotReplacedError(
                f"{old.name}: process {old.pid} ended instead of getting new processes:"
                " look for the reason in its log, and start it again."
            )
        new = found[old.pid]
        is_whole = len(new.children) >= len(old.children)
        return new if is_whole and new.children.isdisjoint(old.children) else None

    def _restarted(self, old: Program) -> str:
        """Let a program finish what it does and exit; its supervisor starts it again.

        Raises:
            NotReplacedError: Nobody does.
        """
        known = {each.pid for each in programs(self.home)}
        os.kill(old.pid, signal.SIGTERM)

        def successor() -> Program | None:
            for each in programs(self.home):
                if each.name == old.name and each.pid not in known:
                    return each
            return None

        new = self._wait(
            successor,
            f"{old.name}: process {old.pid} was asked to exit, and no new one was"
            f" started within {self.within_s:.0f} s. Start it (`systemctl start"
            f" kwip-{old.role}` or `kwip serve {old.role}`), and run this command"
            " again.",
        )
        self._wait_until_ready(new)
        return "restarted"

    def _wait_until_ready(self, new: Program) -> None:
        if new.role == "web":
            end_drain(self.home)

        def is_up() -> bool:
            return self._is_present(new) and self._answers(new)

        self._wait(
            is_up,
            f"{new.name}: process {new.pid} is not ready after {self.within_s:.0f} s."
            f" Look for the reason in its log and with `kwip doctor`; if you can't mend"
            " it, put the files of the version before back, and run this command"
            " again.",
        )

    def _is_present(self, new: Program) -> bool:
        """Return whether it says in the database that it runs this version.

        A web server that has just begun has no children yet, which are what says so.
        """
        host = socket.gethostname()
        present = {
            each.pid
            for each in agreement.running(self.wiring)
            if each.host == host and each.version == __version__
        }
        return any(
            not present.isdisjoint({each.pid, *each.children})
            for each in programs(self.home)
            if each.pid == new.pid
        )

    def _answers(self, new: Program) -> bool:
        if new.role not in _PORTS:
            return True
        default = self.settings.port if new.role == "web" else self.settings.live_port
        return is_ready(self.settings, new.port(_PORTS[new.role], default))

    def _wait(self, look: Callable[[], Found | None], problem: str) -> Found:
        end_s = time.monotonic() + self.within_s
        while not (found := look()):
            if time.monotonic() > end_s:
                raise NotReplacedError(problem)
            self.sleep(_LOOK_S)
        return found
