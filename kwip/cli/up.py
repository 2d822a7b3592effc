"""`kwip up`: start the whole stack, print its address, keep it running."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import signal
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from config.draining import draining_mark
from kwip import telemetry
from kwip.cli.starting.ports import LOOPBACK, check_port
from kwip.cli.starting.programs import program
from kwip.domain.accounts.setup import WAITING, code_digest, draw_code
from kwip.domain.clock import at, system_clock_ms
from kwip.embedded.children import (
    Child,
    end_leftovers,
    is_marked,
    last_line,
    locked,
    log_of,
)
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.logs import Logs
from kwip.embedded.served import require_none_served
from kwip.embedded.servers import servers
from kwip.embedded.shutdown import Shutdown
from kwip.embedded.supervisor import StopAskedError, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from config.settings import Settings

#: Seconds that each program has to end by itself: below 5 together.
DEMO_GRACE_S, PROGRAMS_GRACE_S, SERVERS_GRACE_S = 0.3, 2.4, 2.0
FRONT_GRACE_S = 0.2
_ASK_S = 1.0
#: Preparing may build an index of a large collection. What else it waits for has limits
#: of its own: MongoDB must be up, and elect a primary, much sooner.
_PREPARED_S = 24 * 3_600.0
_IPV6 = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What one supervisor runs.

    Attributes:
        servers: Makes the private servers, once the folder is ours.
        members: The servers that form a replica set, if they are several.
        environ: What the program that prepares the databases gets besides.
        programs: What needs the databases.
        front: What needs the programs.
        demos: What loads data in the end, and exits.
        ports: What listens on `KWIP_BIND`, by the variable that chooses it.
        rows: Returns lines of the banner, from the process ids by role.
    """

    servers: Callable[[HomeFolder], Sequence[Child]]
    members: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    programs: Sequence[Child]
    front: Sequence[Child] = ()
    demos: Sequence[Child] = ()
    ports: Mapping[str, int]
    rows: Callable[[Mapping[str, int]], Iterable[tuple[str, str]]] = lambda _: ()


@dataclass(frozen=True, slots=True)
class Said:
    """What the started programs tell the operator, if anything."""

    setup_code: str | None = None
    demo_login: str | None = None


@click.command("up")
@click.option("--demo", is_flag=True, help="Fill an empty database with demo data.")
@click.pass_obj
def command(settings: Settings, *, demo: bool) -> None:
    """Start the whole stack and keep it running.

    Press Ctrl-C to stop it. SIGHUP makes the web server replace its processes.
    """
    ports = {"KWIP_PORT": settings.port}
    if settings.live_port:
        ports["KWIP_LIVE_PORT"] = settings.live_port
    stack = Stack(
        servers=partial(servers, settings),
        programs=web_and_workers(settings),
        demos=[demo_world(settings)] if demo and settings.demo else [],
        ports=ports,
    )
    run(settings, stack)


def run(settings: Settings, stack: Stack) -> None:
    """Start all of `stack`; run until told to stop.

    Raises:
        CannotStartError: Something does not start; everything has ended again by then.
    """
    home = HomeFolder(settings.home)
    home.prepare()
    with Shutdown.listening() as ends, locked(home):
        require_none_served(home)
        for pid in end_leftovers(home):
            _note(home, f"ended process {pid}, left over from an earlier run")
        for variable, port in stack.ports.items():
            check_port(variable, settings.bind, port)
        check_port("KWIP_METRICS_PORT", LOOPBACK, settings.metrics_port)
        home.make_metrics()
        draining_mark(home.root).unlink(missing_ok=True)
        home.note_address(
            {n: getattr(settings, n) for n in ("bind", "port", "live_port")}
        )
        supervisor = Supervisor(
            home,
            wait=ends.wait,
            said=partial(_note, home),
        )
        ends.on_reload(partial(_reload, home, supervisor))
        try:
            said = _start(settings, supervisor, stack)
            telemetry.serve(
                home.metrics, settings.metrics_port, partial(is_marked, home)
            )
            _say(banner(settings, said, stack.rows(supervisor.pids)))
            supervisor.watch(Logs(home.logs, settings.log_max_bytes, settings.log_keep))
        except StopAskedError:
            pass
        finally:
            supervisor.stop()
            home.remove_metrics()
    _say("Kwip has stopped.")


def _reload(home: HomeFolder, supervisor: Supervisor) -> None:
    """Replace the web processes, as gunicorn does when it gets this signal."""
    _note(home, "web reloads, because of SIGHUP")
    for role in supervisor.pids:
        if role.partition("-")[0] == "web":
            supervisor.send(role, signal.SIGHUP)


def _start(settings: Settings, supervisor: Supervisor, stack: Stack) -> Said:
    """Start everything in order; return what to print about it."""
    home, code = HomeFolder(settings.home), draw_code()
    said = log_of("prepare", home)
    said.unlink(missing_ok=True)  # what an earlier start wrote is out of date
    with _step("MongoDB and Valkey"):
        prepare = preparation(settings, code, stack)
        supervisor.start([*stack.servers(home), prepare], SERVERS_GRACE_S)
    output = Said(setup_code=code if last_line(said) == WAITING else None)
    with _step("web server, live process and worker"):
        supervisor.start(stack.programs, PROGRAMS_GRACE_S)
    if stack.front:
        with _step("nginx"):
            supervisor.start(stack.front, FRONT_GRACE_S)
    if not stack.demos:
        return output
    log = log_of("demo", home)
    log.unlink(missing_ok=True)
    with _step("demo world"):
        supervisor.start(stack.demos, DEMO_GRACE_S)
    return replace(output, demo_login=last_line(log))


def web_and_workers(settings: Settings) -> list[Child]:
    """Return the programs that need the databases."""
    web = program(settings, "web")
    worker = program(settings, "worker", "kwip.worker")  # with the sweeper in it
    programs = [
        replace(web, is_ready=partial(is_ready, settings)),
        replace(worker, is_ready=partial(has_swept, HomeFolder(settings.home))),
    ]
    if settings.live_port:
        ready = partial(is_ready, settings, settings.live_port)
        programs.append(replace(program(settings, "live"), is_ready=ready))
    return programs


def preparation(settings: Settings, code: str, stack: Stack) -> Child:
    """Return the program that prepares the databases, and ends.

    It gets only the digest of the code for the first administrator.
    """
    module = ("kwip.cli.starting.prepare", code_digest(code), *stack.members)
    child = program(settings, "prepare", *module)
    environ = {**child.environ, **stack.environ}
    return replace(child, environ=environ, once=True, ready_s=_PREPARED_S)


def demo_world(settings: Settings) -> Child:
    """Return the program that loads the demo world, and ends."""
    return replace(
        program(settings, "demo", "kwip.cli.starting.demo"), once=True, ready_s=900.0
    )


def is_ready(settings: Settings, port: int | None = None) -> bool:
    """Check whether the web server, or that on `port`, is ready; 1 s at most."""
    to = urlsplit(address(settings, port))
    connection = http.client.HTTPConnection(to.netloc, timeout=_ASK_S)
    try:
        connection.request("GET", to.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def has_swept(home: HomeFolder) -> bool:
    """Return whether the worker is running."""
    return "sweeper" in telemetry.heartbeats(home.metrics, partial(is_marked, home))


def address(settings: Settings, port: int | None = None) -> str:
    """Return the URL of a server's health check on this machine."""
    bind = ipaddress.ip_address(settings.bind)
    if bind.is_unspecified:
        bind = ipaddress.ip_address("::1" if bind.version == _IPV6 else LOOPBACK)
    host = f"[{bind}]" if bind.version == _IPV6 else str(bind)
    return f"http://{host}:{port or settings.port}/readyz"


def banner(settings: Settings, said: Said, rows: Iterable[tuple[str, str]] = ()) -> str:
    """Return what to print once everything runs."""
    code = said.setup_code
    setup = f"{settings.origin}/setup with the code {code} (valid for one day)"
    shown = [
        ("address", settings.origin),
        ("demo login", said.demo_login),
        ("set up", setup if code else None),
        ("metrics", f"http://{LOOPBACK}:{settings.metrics_port}/metrics"),
        ("logs", HomeFolder(settings.home).logs),
        *rows,
        ("stop", "Ctrl-C"),
    ]
    width = max(12, *(len(name) + 2 for name, _ in shown))
    lines = [f"  {name:<{width}}{value}" for name, value in shown if value]
    return "\n".join(["", "  Kwip is running.", "", *lines, ""])


@contextlib.contextmanager
def _step(name: str) -> Iterator[None]:
    """Print how long a step of the start takes."""
    began = time.monotonic()
    _say(f"{name} …")
    yield
    _say(f"{name}: ready in {time.monotonic() - began:.1f} s")


def _note(home: HomeFolder, event: str) -> None:
    """Print an event, and write it to the supervisor's log."""
    line = {"event": event, "timestamp": at(system_clock_ms()).isoformat()}
    with (
        contextlib.suppress(OSError),  # on a full disk the terminal is enough
        log_of("supervisor", home).open("a", encoding="utf-8") as log,
    ):
        log.write(json.dumps(line) + "\n")
    _say(event)


def _say(text: str) -> None:
    # Nobody may read our output any more, which is no reason to end.
    with contextlib.suppress(OSError):
        click.echo(text)
