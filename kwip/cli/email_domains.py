"""`kwip users block-domain`: keep providers and addresses from signing up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.running import connected

if TYPE_CHECKING:
    from config.settings import Settings


@click.group("block-domain")
def block_domain() -> None:
    """Block email domains and addresses for signing up.

    Subdomains are blocked too, and addresses with anything after a +.
    Accounts that exist are not affected.
    """


@block_domain.command("add")
@click.argument("domain")
@reason_option
@json_option
@click.pass_obj
def add(settings: Settings, domain: str, *, as_json: bool) -> None:
    """Block DOMAIN and its subdomains, or one address."""
    with connected(settings) as wiring:
        blocked = wiring.services.email_domains.block(domain, order())
    _report("blocked", blocked, as_json=as_json)


@block_domain.command("remove")
@click.argument("domain")
@reason_option
@json_option
@click.pass_obj
def remove(settings: Settings, domain: str, *, as_json: bool) -> None:
    """Allow addresses at DOMAIN, or one address, again."""
    with connected(settings) as wiring:
        unblocked = wiring.services.email_domains.unblock(domain, order())
    _report("unblocked", unblocked, as_json=as_json)


@block_domain.command("list")
@json_option
@click.pass_obj
def show(settings: Settings, *, as_json: bool) -> None:
    """List the blocked email domains and addresses."""
    with connected(settings) as wiring:
        found = wiring.services.email_domains.listed()
    if as_json:
        rows = [
            {"domain": each.domain, "blocked_at": each.blocked_at.isoformat()}
            for each in found
        ]
        print_json({"domains": rows})
        return
    for each in found:
        click.echo(f"{each.blocked_at:%Y-%m-%d}  {each.domain}")
    click.echo(numbered(len(found), "entry"))


def _report(what: str, domain: str, *, as_json: bool) -> None:
    if as_json:
        print_json({what: domain})
    else:
        click.echo(f"{what} {domain}")
