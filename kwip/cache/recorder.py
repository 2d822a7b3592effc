"""Record the round trips of a request to Redis, for the toolbar of developers."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from kwip.cache.client import Client
from kwip.recording import Command, note_command

if TYPE_CHECKING:
    from kwip.cache.client import Argument, Reply, Script, _Line


class RecordedClient(Client):
    """A client whose commands are noted while a request is recorded."""

    def _exchange(
        self,
        line: _Line,
        command: tuple[Argument, ...],
        script: Script | None,
        wait_s: float | None = None,
    ) -> Reply:
        began = perf_counter()
        try:
            return super()._exchange(line, command, script, wait_s)
        finally:
            note_command(
                Command(
                    server="Redis",
                    name=str(command[0]).lower(),
                    target=script.name if script else self.role,
                    shape=f"{sum(len(_bytes(each)) for each in command)} bytes",
                    ms=(perf_counter() - began) * 1_000,
                )
            )


def _bytes(argument: Argument) -> bytes:
    return argument if isinstance(argument, bytes) else str(argument).encode()
