"""Start what is measured: a whole Kwip, and the bare app under the same gunicorn."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
KWIP = str(Path(sys.executable).with_name("kwip"))
_START_S = 60.0


def free_port() -> int:
    """Find a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def kwip_stack(home: Path, environ: dict[str, str]) -> Iterator[dict[str, str]]:
    """Run `kwip up` in `home`; yields the environment for its command line."""
    full = {
        **os.environ,  # noqa: TID251 -- a child gets what we have
        "KWIP_HOME": str(home),
        "KWIP_PORT": str(free_port()),
        "KWIP_METRICS_PORT": str(free_port()),
        "KWIP_LIVE_PORT": "0",
        "KWIP_LOG_LEVEL": "warning",
        **environ,
    }
    with running([KWIP, "up"], full, home.parent / "up"):
        wait_for(int(full["KWIP_PORT"]), "/readyz")
        yield full


@contextmanager
def demo_stack(home: Path) -> Iterator[str]:
    """Run `kwip up --demo` in `home` until its world is loaded; yields its origin."""
    port = free_port()
    environ = {
        **os.environ,  # noqa: TID251 -- a child gets what we have
        "KWIP_HOME": str(home),
        "KWIP_PORT": str(port),
        "KWIP_LIVE_PORT": str(free_port()),
        "KWIP_METRICS_PORT": str(free_port()),
        "KWIP_STYLEGUIDE": "1",
    }
    log = home.parent / "up"
    with running([KWIP, "up", "--demo"], environ, log):
        end = time.monotonic() + _START_S
        while b"demo login" not in log.with_suffix(".log").read_bytes():
            if time.monotonic() > end:
                raise TimeoutError("the demo world is not loaded")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def bare_stack(bodies: Path, *, workers: int, threads: int) -> Iterator[int]:
    """Run the bare app with as many workers and threads; yields its port."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "bench.bare:app"),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"),
        *("--workers", str(workers), "--threads", str(threads)),
        *("--keep-alive", "30", "--no-control-socket", "--log-level", "warning"),
    ]
    environ = {
        **os.environ,  # noqa: TID251 -- a child gets what we have
        "KWIP_BENCH_BODIES": str(bodies),
    }
    with running(command, environ, bodies.parent / "bare"):
        wait_for(port, "/" + next(bodies.iterdir()).name)
        yield port


def kwip(environ: dict[str, str], *arguments: str) -> dict[str, str]:
    """Run one command of the command line and read its JSON."""
    command = [KWIP, *arguments, "--json"]
    done = subprocess.run(  # noqa: S603 -- our own command
        command, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True
    )
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


@contextmanager
def running(command: list[str], environ: dict[str, str], log: Path) -> Iterator[None]:
    """Run a program until the block ends; its output goes to `log`, with `.log`."""
    with log.with_suffix(".log").open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own command
            command, cwd=ROOT, env=environ, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_for(port: int, path: str, within_s: float = _START_S) -> None:
    """Wait until a server answers an address with 200.

    Raises:
        TimeoutError: It does not.
    """
    from bench.load import Connection, Target  # noqa: PLC0415 -- after the start

    deadline = time.monotonic() + within_s
    while True:
        try:
            connection = Connection(Target(port, path))
            status = connection.ask().status
            connection.close()
        except (OSError, IndexError):
            status = 0
        if status == 200:  # noqa: PLR2004 -- OK
            return
        if time.monotonic() > deadline:
            message = f"nothing answers {path} on port {port}"
            raise TimeoutError(message)
        time.sleep(0.1)
