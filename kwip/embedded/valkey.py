"""The configuration of the private Valkey servers.

Cache and queue are two, because an evicting cache on the queue's server would evict
jobs. In a cluster, signals and sign-in limits have a third.
"""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from kwip.embedded.home_folder import HomeFolder

#: The reply to a ping is 12 bytes and takes microseconds.
_ANSWER_S = 1.0
_ANSWER_BYTES = 256

#: The options of each server. The cache must lose everything when it restarts: an entry
#: that outlived its invalidation would be served again.
_QUEUE = {
    "save": '""',
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}
_PURPOSE = {
    "valkey-cache": {
        "save": '""',
        "appendonly": "no",
        "maxmemory-policy": "allkeys-lfu",
    },
    "valkey-queue": _QUEUE,
    "valkey-realtime": _QUEUE,
}


def command(program: Path, home: HomeFolder, role: str, *, cache_mb: int) -> list[str]:
    """Return the command line of the private Valkey `role` of `home`.

    The cache is limited to `cache_mb`, and the queue is not.

    The password is in a file that only its owner may read, because every user of the
    machine can read a command line.
    """
    data = home.data(role)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {
        "port": "0",
        "unixsocket": _quoted(str(home.socket(role))),
        "unixsocketperm": "700",
        "requirepass": home.secret(role),
        "dir": _quoted(str(data)),
        "daemonize": "no",
        # Each of these wake-ups costs, and nobody waits for what they clean up.
        "hz": "2",
        # A new title would overwrite the environment that marks the process as ours.
        "set-proc-title": "no",
        **_PURPOSE[role],
    }
    if role == "valkey-cache":
        settings["maxmemory"] = f"{cache_mb}mb"
    config = data / "valkey.conf"
    text = "".join(f"{name} {value}\n" for name, value in settings.items())
    descriptor = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    return [str(program), str(config)]


def answers(home: HomeFolder, role: str) -> bool:
    """Return whether the private Valkey `role` accepts commands.

    The two lines of its protocol are written here so that the supervisor, which stays
    in memory, need not load the driver.
    """
    question = f"AUTH {home.secret(role)}\r\nPING\r\n".encode("ascii")
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(_ANSWER_S)
        try:
            server.connect(str(home.socket(role)))
            server.sendall(question)
            answer = b""
            while answer.count(b"\n") < question.count(b"\n"):
                answer += server.recv(_ANSWER_BYTES) or b"\n"
        except OSError:
            return False
    return answer == b"+OK\r\n+PONG\r\n"


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
