"""`kwip trace`: tell the story of one post, from its writing to its first read.

What is not in the database is in the logs of this machine: who delivered it, how long
that took, and who asked for its page. Lines that were rotated away are missing.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.running import connected
from kwip.domain.clock import at, to_ms
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import PostId, ms_of, parse_id
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from config.settings import Settings
    from kwip.store.delivery.outbox import DeliveryState

#: The worker's lines come first, because they name the request that wrote the post.
_ROLES = ("worker", "web", "live")
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
@json_option
@click.pass_obj
def command(settings: Settings, post_id: str, *, as_json: bool) -> None:
    """Show what happened to a post, and when.

    That is when it was written and queued, which request wrote it, when a worker leased
    and delivered it, in how many chunks and to how many homes, and when its page was
    first read. Deliveries and reads come from the logs of this machine, if it has them.
    """
    found = parse_id(post_id)
    if found is None:
        raise InvalidError(f"{post_id} is not a valid post id.")
    with connected(settings) as wiring:
        state = wiring.outbox.state_of(PostId(found))
    if state is None:
        raise NotFoundError(f"There is no post {post_id}.")
    written_ms = ms_of(found)
    lines = _lines_about(post_id, HomeFolder(settings.home).logs)
    steps = sorted(
        [*_stored(state, written_ms), *_logged(post_id, lines, written_ms)],
        key=lambda step: step.ms,
    )
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
    post_id: str, lines: Iterable[tuple[str, dict[str, Any]]], written_ms: int
) -> Iterator[Step]:
    """Return what the log lines about a post say."""
    is_read = False
    for role, line in lines:
        ms = to_ms(dt.datetime.fromisoformat(line["timestamp"])) - written_ms
        event, source = line["event"], f"{role}.log"
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


def _request(line: dict[str, Any]) -> str:
    about = f"{line['method']} {line['route']} {line['status']}, {line['ms']} ms"
    return f"{about}, request {line['request_id']}"


def _lines_about(post_id: str, logs: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read the log lines with a post's id, or with that of a request that wrote it."""
    wanted = {post_id}
    for role in _ROLES:
        for text in _lines(logs, role):
            if not any(each in text for each in wanted):
                continue
            try:
                line = json.loads(text)
            except ValueError:  # cut off
                continue
            if role == "worker" and "request_id" in line:
                wanted.add(line["request_id"])
            yield role, line


def _lines(logs: Path, role: str) -> Iterator[str]:
    """Read a program's logs, the oldest first."""
    rotated = sorted(logs.glob(f"{role}.log.*.gz"), key=_number, reverse=True)
    for path in rotated:
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
            yield from file
    current = logs / f"{role}.log"
    if current.exists():
        with current.open(encoding="utf-8", errors="replace") as file:
            yield from file


def _number(path: Path) -> int:
    return int(path.name.split(".")[2])
