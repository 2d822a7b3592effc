"""`kwip trace`: tell the story of one post, from its writing to its first read.

What is not in the database is in logs: who delivered it, how long that took, and who
asked for its page. They are those of `kwip up` on this machine, or what the operator
names, such as the journals of several machines. Lines that were rotated away are
missing.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.running import connected
from kwip.domain.clock import at, to_ms
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import PostId, ms_of, parse_id
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from config.settings import Settings
    from kwip.store.delivery.outbox import DeliveryState

#: The log of a program, or an older one that was compressed; a cluster has several.
_LOG = re.compile(r"((?:worker|web|live)(?:-\d+)?\.log)(?:\.\d+\.gz)?")
#: Lines of a worker about the post; their request is the one that wrote it.
_DELIVERING = {"post_delivered", "chunk_delivered", "fanout_failed"}
_STANDARD_INPUT = Path("-")
_OK = 200


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, how many milliseconds after the post's id was drawn."""

    ms: int
    step: str
    detail: str
    source: str


@click.command("trace")
@click.argument("post_id", metavar="POST_ID")
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="A log to read instead of those of `kwip up`; `-` is standard input. Repeat it"
    " for several.",
)
@json_option
@click.pass_obj
def command(
    settings: Settings, post_id: str, logs: tuple[Path, ...], *, as_json: bool
) -> None:
    """Show what happened to a post, and when.

    That is when it was written and queued, which request wrote it, when a worker leased
    and delivered it, in how many chunks and to how many homes, and when its page was
    first read. Deliveries and reads come from logs: those of `kwip up` on this machine,
    or those that you name. With `kwip serve`, the logs are in the journal:
    `journalctl -u 'kwip-*' -o cat | kwip trace POST_ID --log -`.
    """
    found = parse_id(post_id)
    if found is None:
        raise InvalidError(f"{post_id} is not a valid post id.")
    with connected(settings) as wiring:
        state = wiring.outbox.state_of(PostId(found))
    if state is None:
        raise NotFoundError(f"There is no post {post_id}.")
    written_ms = ms_of(found)
    texts = _named(logs) if logs else _of_home(HomeFolder(settings.home).logs)
    logged = _logged(_lines_about(post_id, texts), post_id)
    steps = sorted([*_stored(state, written_ms), *logged], key=lambda step: step.ms)
    if as_json:
        print_json(
            {
                "id": post_id,
                "author_id": str(state.author_id),
                "written_at": at(written_ms).isoformat(),
                "state": state.state,
                "mode": state.mode,
                "attempts": state.attempts,
                "steps": [asdict(step) for step in steps],
            }
        )
    else:
        _print(post_id, state, steps)


def _print(post_id: str, state: DeliveryState, steps: Iterable[Step]) -> None:
    written = at(ms_of(int(post_id))).isoformat(timespec="milliseconds")
    click.echo(f"post {post_id} by {state.author_id}, written at {written}")
    tried = numbered(state.attempts, "attempt")
    click.echo(f"delivery: {state.state} ({state.mode or 'undecided'}, {tried})")
    for step in steps:
        offset = f"{step.ms / 1_000:+.3f} s"
        click.echo(f"{offset:>12}  {step.step}: {step.detail} ({step.source})")


def _stored(state: DeliveryState, written_ms: int) -> Iterator[Step]:
    """Return what the post's document says."""
    yield Step(0, "written", "its id was drawn", "database")
    queued_ms = to_ms(state.enqueued_at) - written_ms
    yield Step(queued_ms, "queued", "stored with its delivery", "database")
    if state.leased_until is not None and state.state == "pending":
        until_ms = to_ms(state.leased_until) - written_ms
        yield Step(until_ms, "lease ends", "a worker holds it until then", "database")


def _logged(
    lines: Iterable[tuple[str, dict[str, Any]]], post_id: str
) -> Iterator[Step]:
    """Return what the log lines about a post say, the oldest first."""
    written_ms, is_read = ms_of(int(post_id)), False
    for source, line in lines:
        ms, event = _ms(line) - written_ms, line["event"]
        if event == "post_delivered":
            leased_ms = ms - round(line["ms"])
            tried = f"attempt {line['attempts']}"
            yield Step(leased_ms, "leased", tried, source)
            homes = f"{numbered(line['homes'], 'entry')} in homes, open pages signalled"
            yield Step(ms, "delivered", homes, source)
        elif event == "chunk_delivered":
            yield Step(ms, "chunk", numbered(line["owners"], "home"), source)
        elif event != "request":
            yield Step(ms, event, str(line.get("error", "")), source)
        elif line["method"] != "GET":
            yield Step(ms, "request", _request(line), source)
        elif line["status"] == _OK and not is_read and post_id in line["path"]:
            is_read = True
            yield Step(ms, "first read", _request(line), source)


def _ms(line: dict[str, Any]) -> int:
    return to_ms(dt.datetime.fromisoformat(line["timestamp"]))


def _request(line: dict[str, Any]) -> str:
    about = f"{line['method']} {line['route']} {line['status']}, {line['ms']} ms"
    return f"{about}, request {line['request_id']}"


def _lines_about(
    post_id: str, texts: Iterable[tuple[str, str]]
) -> list[tuple[str, dict[str, Any]]]:
    """Find the log lines with a post's id, or with that of the request that wrote it.

    The request is named by lines of the worker, which may come after its own. So the
    lines of the minutes around the writing are kept until the end.
    """
    written = at(ms_of(int(post_id)))
    minutes = [f"{written + dt.timedelta(minutes=n):%Y-%m-%dT%H:%M:}" for n in (0, 1)]
    about: list[tuple[str, str]] = []
    near: list[tuple[str, str]] = []
    for source, text in texts:
        if post_id in text:
            about.append((source, text))
        elif any(minute in text for minute in minutes):
            near.append((source, text))
    found = list(_parsed(about))
    requests = {
        line["request_id"]
        for _, line in found
        if line["event"] in _DELIVERING and "request_id" in line
    }
    wrote = [each for each in near if any(request in each[1] for request in requests)]
    return sorted([*found, *_parsed(wrote)], key=lambda each: _ms(each[1]))


def _parsed(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Parse lines; leave out those that were cut off, or are other programs'."""
    for source, text in texts:
        try:
            line = json.loads(text)
            _ms(line)
        except (ValueError, TypeError, KeyError):
            continue
        if "event" in line:
            yield source, line


def _of_home(logs: Path) -> Iterator[tuple[str, str]]:
    """Read the logs of `kwip up` or `kwip cluster`."""
    for path in sorted(logs.glob("*.log*")):
        if named := _LOG.fullmatch(path.name):
            yield from ((named[1], text) for text in _read(path))


def _named(logs: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Read the logs that the operator named."""
    for path in logs:
        source = "standard input" if path == _STANDARD_INPUT else path.name
        yield from ((source, text) for text in _read(path))


def _read(path: Path) -> Iterator[str]:
    try:
        with _opened(path) as file:
            yield from file
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidError(f"{path} can't be read: {error}") from error


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", errors="replace")
    return click.open_file(str(path), encoding="utf-8", errors="replace")
