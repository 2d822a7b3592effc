"""Run the private servers of an installation alone, without its programs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kwip.embedded.children import end_leftovers, locked
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.mongodb_password import set_up_with_password
from kwip.embedded.servers import servers
from kwip.embedded.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings

_START_S = 60.0
_GRACE_S = 5.0


@contextmanager
def databases_alone(settings: Settings) -> Iterator[None]:
    """Run what `kwip up` would run of MongoDB and Valkey, and nothing that uses it.

    Must be called by the main thread.

    Raises:
        CannotStartError: Kwip is running in this home, or something does not start.
    """
    home = HomeFolder(settings.home)
    home.prepare()
    with locked(home):
        end_leftovers(home)
        supervisor = Supervisor(home, wait=_pause, said=_ignore)
        try:
            supervisor.start(servers(settings, home), _GRACE_S)
            if settings.mongodb_uri is None:
                set_up_with_password(home, ["mongod"], deadline_s=_START_S)
            yield
        finally:
            supervisor.stop()


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _ignore(_: str) -> None:
    """Nobody is told that a server ends: nothing restarts it here."""
