"""`kwip trends`: show what trends, and compute it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.running import connected
from kwip.domain.administration.discovery_rules import Place, RuleKind

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.domain.administration.discovery_rules import DiscoveryRule
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


@command.command("rules")
@json_option
@click.pass_obj
def rules(settings: Settings, *, as_json: bool) -> None:
    """List what may not trend, be found, or have previews."""
    with connected(settings) as wiring:
        found = wiring.services.discovery_changes.store.read().rules
    if as_json:
        print_json({"rules": [_row(rule) for rule in found]})
        return
    for rule in found:
        click.echo(_line(rule))
    click.echo(numbered(len(found), "rule"))


@command.command("hide")
@click.argument("kind", type=click.Choice([kind.value for kind in RuleKind]))
@click.argument("name")
@click.option(
    "--in",
    "places",
    multiple=True,
    type=click.Choice([place.value for place in Place]),
    help="Where. Can be repeated; without it, nowhere any more.",
)
@reason_option
@json_option
@click.pass_obj
def hide(
    settings: Settings, kind: str, name: str, *, places: tuple[str, ...], as_json: bool
) -> None:
    """Keep a hashtag, link, domain or post out of trends and more.

    NAME is a hashtag, an address, a domain or the ID of a post. A change applies to all
    running processes when the command returns, after about three seconds.
    """
    with connected(settings) as wiring:
        rule = wiring.services.discovery_changes.hide(
            RuleKind(kind), name, [Place(place) for place in places], order()
        )
    if as_json:
        print_json(_row(rule))
    else:
        click.echo(_line(rule))


def _row(rule: DiscoveryRule) -> dict[str, object]:
    return {"kind": rule.kind, "name": rule.name, "hidden_in": sorted(rule.hidden_in)}


def _line(rule: DiscoveryRule) -> str:
    places = ", ".join(sorted(rule.hidden_in)) or "nothing"
    return f"{rule.kind:<6}  {rule.name}  hidden in: {places}"


def _shown(wiring: Wiring) -> dict[str, list[str]]:
    trends, loader = wiring.services.trends, wiring.services.loaders.begin()
    return {
        "tags": [tag.name for tag in trends.tags(None, loader)],
        "posts": [str(view.post.id) for view in trends.posts(None, loader)],
        "links": [link.url for link in trends.links(None, loader)],
    }
