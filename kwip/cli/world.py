"""`kwip world`: load a social graph, and drive traffic against it."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, print_json
from kwip.cli.bars import Bars
from kwip.cli.running import connected, require_stack
from kwip.cli.traffic import drive
from kwip.domain.errors import InvalidError
from kwip.domain.world.world import LineError, World, parse_graph, parse_sayings
from kwip.text.cleaning import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from config.settings import Settings

_POSTS = 20_000
_GZIP = b"\x1f\x8b"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("world")
def command() -> None:
    """Load a social graph, and drive traffic against it."""


command.add_command(drive.command)


@command.command("load")
@click.argument("graph", type=_FILE)
@click.argument("texts", type=_FILE)
@click.option(
    "--users",
    type=click.IntRange(min=1),
    help="Load only this many users, those with the lowest node numbers.",
)
@click.option(
    "--posts",
    type=click.IntRange(min=0),
    default=_POSTS,
    show_default=True,
    help="Number of posts to publish.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Random seed: decides who publishes what.",
)
@json_option
@click.pass_obj
def load(  # noqa: PLR0913 -- one for each option
    settings: Settings,
    *,
    graph: Path,
    texts: Path,
    users: int | None,
    posts: int,
    seed: int,
    as_json: bool,
) -> None:
    """Load users and follows from GRAPH, and publish TEXTS.

    GRAPH has one follow per line: `follower followee`, as node numbers. Node 17 becomes
    the user n17, who has no password (`kwip users token n17` creates a token). TEXTS
    has one JSON object per line, with `text` and `lang`. Both files can be compressed
    with gzip. Both are checked completely before anything is written.

    Posts go through the posting service and the worker. The command ends when all posts
    are delivered. To resume an interrupted load, run it again with the same arguments.
    """
    world = read_world(graph, texts, users=users, seed=seed, settings=settings)
    require_stack(settings)
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        # Take the cache lease before the first write, not during it.
        wiring.fence.await_lease(within_s=1.0)
        loaded = asdict(wiring.world.load(world, posts, bars))
    if as_json:
        print_json(loaded)
    else:
        _print(loaded)


def read_world(
    graph: Path, texts: Path, *, users: int | None, seed: int, settings: Settings
) -> World:
    """Read both files.

    Raises:
        InvalidError: Names the file and the line that cannot be used.
    """
    with _lines(graph) as lines:
        parsed = parse_graph(lines, users)
        if not parsed.nodes:
            raise InvalidError(f"{graph}: no follows found")
    with _lines(texts) as lines:
        sayings = parse_sayings(
            lines, partial(clean_text, max_chars=settings.post_max_chars)
        )
        if not sayings:
            raise InvalidError(f"{texts}: no texts found")
    return World(parsed, sayings, seed)


@contextmanager
def _lines(path: Path) -> Iterator[Iterable[bytes]]:
    """Open a file, compressed or not; errors name the file and line."""
    with path.open("rb") as plain:
        is_packed = plain.read(len(_GZIP)) == _GZIP
        plain.seek(0)
        try:
            yield gzip.GzipFile(fileobj=plain) if is_packed else plain
        except LineError as error:
            raise InvalidError(f"{path}:{error.number}: {error.problem}") from error
        except (OSError, EOFError) as error:
            raise InvalidError(f"{path}: cannot be read: {error}") from error


def _print(loaded: Mapping[str, object]) -> None:
    for name, value in loaded.items():
        if isinstance(value, dict):
            for phase, seconds in value.items():
                click.echo(f"{phase + ' s':<18}{seconds:>12.1f}")
        else:
            click.echo(f"{name:<18}{value:>12}")
