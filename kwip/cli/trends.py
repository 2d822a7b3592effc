"""`kwip trends`: show what trends, and compute it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.running import connected

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.wiring import Wiring


@click.group("trends")
def command() -> None:
    """Show and compute trends."""


@command.command("show")
@json_option
@click.pass_obj
def show(settings: Settings, *, as_json: bool) -> None:
    """List what trends now, as visitors see it."""
    with connected(settings) as wiring:
        found = _shown(wiring)
        computed_at = wiring.stores.trends.computed_at()
    when = None if computed_at is None else computed_at.isoformat()
    if as_json:
        print_json({"computed_at": when, **found})
        return
    click.echo(f"computed: {when or 'never'}")
    for kind, names in found.items():
        click.echo(f"{kind}: {', '.join(names) or 'none'}")


@command.command("recompute")
@json_option
@click.pass_obj
def recompute(settings: Settings, *, as_json: bool) -> None:
    """Compute trends now, instead of within five minutes."""
    with connected(settings) as wiring:
        counts = wiring.services.trending.recompute()
    if as_json:
        print_json(dict(counts))
        return
    things = {"tags": "hashtag", "posts": "kwip", "links": "link"}
    said = [numbered(counts[kind], thing) for kind, thing in things.items()]
    click.echo(f"trending: {', '.join(said)}")


def _shown(wiring: Wiring) -> dict[str, list[str]]:
    trends, loader = wiring.services.trends, wiring.services.loaders.begin()
    return {
        "tags": [tag.name for tag in trends.tags(None, loader)],
        "posts": [str(view.post.id) for view in trends.posts(None, loader)],
        "links": [link.url for link in trends.links(None, loader)],
    }
