"""`kwip doctor`: show processes and services, and find problems."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from config.draining import draining_mark
from config.endpoints import without_password
from kwip import telemetry
from kwip.cli import FOUND, json_option, print_json
from kwip.cli.checking import agreement
from kwip.cli.checking.site import Site, look
from kwip.cli.up import address, is_ready
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import StoreUnavailableError
from kwip.embedded import endpoints
from kwip.embedded.children import holder, is_marked, log_of
from kwip.embedded.errors import CannotStartError
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.machine import Process, not_running, processes
from kwip.embedded.probes import Answer, ask_mongodb, ask_redis, with_members
from kwip.loops import SILENT_S
from kwip.nginx import upstreams
from kwip.services.mail.transports import SmtpServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings

#: What runs in every stack.
_LOOPS = {"sweeper", "jobs", "lease_renewer"}
#: How long each answer of the server of mail may take.
_MAIL_S = 3.0


@dataclass(frozen=True, slots=True)
class Service:
    """Something that the stack needs, and its state."""

    name: str
    uri: str
    answer: Answer

    def row(self) -> dict[str, str | bool]:
        """Return what `--json` prints; scripts depend on it."""
        return {
            "name": self.name,
            "uri": without_password(self.uri),
            "ok": self.answer.is_ok,
            "detail": self.answer.detail,
        }


@click.command("doctor")
@json_option
@click.pass_obj
def command(settings: Settings, *, as_json: bool) -> int:
    """Check the running stack.

    Shows each process with its memory, and whether each service responds. If roles run
    by themselves, it shows those of all machines, and compares their settings with the
    ones here, as `kwip check` does. Exits with 1 if there is a problem.
    """
    home = HomeFolder(settings.home)
    found = list(processes(home))
    is_supervised = holder(home) is not None
    # A check must leave nothing behind in a home that was never started.
    services = list(ask(settings)) if is_supervised or settings.mongodb_uri else []
    if is_supervised:
        services += ask_programs(settings)
    findings, site = list(ailing(services)), Site((), ())
    if is_supervised:
        findings += _supervised(settings, home, found)
    elif not settings.mongodb_uri:
        findings.append(not_running(home))
    elif services[0].answer.is_ok:
        site = look(settings)
        findings += site.findings
    findings += _left_out(home)
    if as_json:
        print_json(
            {
                "processes": [asdict(process) for process in found],
                "site": [agreement.row(process) for process in site.processes],
                "services": [service.row() for service in services],
                "findings": findings,
            }
        )
    else:
        _print(found, site, services, findings)
    return FOUND if findings else 0


def _supervised(
    settings: Settings, home: HomeFolder, found: list[Process]
) -> Iterator[str]:
    """Find what is wrong with the programs of `kwip up`."""
    roles = ["web", "worker", *(["live"] if settings.live_port else [])]
    live = {"listener"} if settings.live_port else set()
    yield from _absent(home, found, roles)
    yield from _full(home)
    yield from _silent(home, _LOOPS | live)


def ask(settings: Settings) -> Iterator[Service]:
    """Check every service; 3 s at most for each."""
    to = endpoints(settings)
    mongodb = with_members(to.mongodb_uri, ask_mongodb(to.mongodb_uri))
    yield Service("mongodb", to.mongodb_uri, mongodb)
    for name, uri in (
        ("redis-cache", to.redis_cache_uri),
        ("redis-queue", to.redis_queue_uri),
        ("redis-realtime", to.redis_realtime_uri),
    ):
        yield Service(name, uri, ask_redis(uri, is_cache=name == "redis-cache"))
    if settings.media_store_uri:
        uri = settings.media_store_uri
        yield Service("media", uri, _ask_bucket(uri))
    yield ask_mail(settings)


def ask_mail(settings: Settings) -> Service:
    """Connect to the server of mail and log in; 3 s at most for each answer."""
    if settings.smtp_uri is None:
        folder = str(settings.home / "mail")
        detail = f"no KWIP_SMTP_URI: messages are only written to {folder}"
        return Service("mail", folder, Answer(is_ok=True, detail=detail))
    host = urlsplit(settings.origin).hostname or ""
    wrong = SmtpServer(settings.smtp_uri, host).check(_MAIL_S)
    answer = Answer(is_ok=not wrong, detail=wrong or "accepts mail")
    return Service("mail", settings.smtp_uri, answer)


def ask_programs(settings: Settings) -> Iterator[Service]:
    """Check the web server and the live process on this machine; 1 s at most each."""
    yield _ask_program(settings, "web", settings.port)
    if settings.live_port:
        yield _ask_program(settings, "live", settings.live_port)


def _ask_bucket(uri: str) -> Answer:
    from kwip.store.media_bucket import MediaBucket  # noqa: PLC0415 -- 5 MB

    try:
        MediaBucket(uri).check()
    except StoreUnavailableError as error:
        return Answer(is_ok=False, detail=error.message)
    return Answer(is_ok=True, detail="readable and writable")


def _ask_program(settings: Settings, role: str, port: int) -> Service:
    ready, home = is_ready(settings, port), HomeFolder(settings.home)
    logs = ", ".join(map(str, sorted(home.logs.glob(f"{role}*.log"))))
    refusal = f"not ready: /readyz did not return 200: see {logs}"
    if draining_mark(home.root).exists():
        refusal = "draining: `kwip deploy drain --undo` makes it ready again"
    answer = Answer(is_ok=ready, detail="ready" if ready else refusal)
    return Service(role, address(settings, port), answer)


def _absent(home: HomeFolder, found: list[Process], roles: list[str]) -> Iterator[str]:
    kinds = {process.name.partition("-")[0] for process in found}  # of a cluster, too
    for role in roles:
        if role not in kinds:
            yield f"{role}: not running: see {log_of(role, home)}"


def ailing(services: list[Service]) -> Iterator[str]:
    """Say which services do not respond or are set up wrongly."""
    for service in services:
        if not service.answer.is_ok:
            uri = without_password(service.uri)
            yield f"{service.name}: {uri} {service.answer.detail}"
        for finding in service.answer.findings:
            yield f"{service.name}: {finding}"


def _left_out(home: HomeFolder) -> Iterator[str]:
    """Find servers that nginx on this machine leaves out, if it is watched."""
    pools = upstreams.read(home.upstreams) if home.upstreams.is_dir() else {}
    marks = dict(sorted(mark for pool in pools.values() for mark in pool.items()))
    see = "look for `upstream_down` in the log of `kwip upstreams`"
    for server, is_down in marks.items():
        if is_down:
            yield f"{server}: nginx sends it nothing: {see}"


def _silent(home: HomeFolder, expected: set[str]) -> Iterator[str]:
    beats = telemetry.heartbeats(home.metrics, partial(is_marked, home))
    for loop in sorted(expected | beats.keys()):
        silent_s = system_clock_ms() / 1_000 - beats.get(loop, 0.0)
        if silent_s > SILENT_S:
            since = f" for {silent_s:.0f} s" if loop in beats else ""
            yield f"{loop}: no heartbeat{since}: look for `loop_failed` in {home.logs}"


def _full(home: HomeFolder) -> Iterator[str]:
    try:
        home.check_space()
    except CannotStartError as error:
        yield error.message


def _print(
    found: list[Process], site: Site, services: list[Service], findings: list[str]
) -> None:
    for process in found:
        megabytes = process.pss_bytes / 1_000_000
        click.echo(f"{process.name:<14}{process.pid:>8}{megabytes:>9.1f} MB")
    total = sum(process.pss_bytes for process in found) / 1_000_000
    click.echo(f"{'total':<14}{total:>17.1f} MB\n")
    for each in site.processes:
        click.echo(f"{agreement.title(each)}, Kwip {each.version}")
    if site.processes:
        click.echo()
    for service in services:
        mark = "ok" if service.answer.is_ok else "NOT OK"
        click.echo(f"{service.name:<16}{mark:<8}{service.answer.detail}")
    click.echo()
    for finding in findings or ["No problems found"]:
        click.echo(finding)
