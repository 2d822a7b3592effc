"""`kwip links`: look at link previews."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kwip.cli import FAILED, FOUND, json_option, print_json
from kwip.cli.running import connected
from kwip.services.outgoing.connections import FetchError

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.domain.media.link_previews import LinkPreview

#: What to tell of a request that brought nothing.
_REASONS = {
    "refused": "Kwip may not request this address. Use http or https, port 80 or 443, "
    "and a public host.",
    "timeout": "The site took too long.",
    "unreachable": "The site can't be reached.",
    "certificate": "The site's certificate isn't valid.",
    "redirects": "The site redirects too often.",
    "status": "The site answered with an error.",
    "type": "This is neither a web page nor a picture.",
    "too_large": "The answer is too large.",
    "unreadable": "The page can't be read.",
}


@click.group("links")
def command() -> None:
    """Show and forget link previews."""


@command.command("preview")
@click.argument("url")
@json_option
@click.pass_obj
def preview(settings: Settings, url: str, *, as_json: bool) -> int:
    """Fetch a page, and show its preview.

    Shows what a kwip with a link to URL would get; it is not kept. Exits with 1 if
    there is nothing to show, and with 2 if the page can't be fetched.
    """
    with connected(settings) as wiring:
        previews = wiring.services.previews
        try:
            found = previews.finder.find(url)
        except FetchError as error:
            click.echo(f"kwip: {_REASONS[error.outcome]}", err=True)
            return FAILED
        previews.release(found, older_than_s=math.inf)  # saved a moment ago
    if as_json:
        print_json({"preview": found and asdict(found)})
    else:
        _show(found)
    return 0 if found else FOUND


@command.command("forget")
@click.argument("url")
@json_option
@click.pass_obj
def forget(settings: Settings, url: str, *, as_json: bool) -> None:
    """Forget the preview of a page.

    The next kwip with a link to URL fetches it again. Kwips keep the preview they have.
    """
    with connected(settings) as wiring:
        was_known = wiring.services.previews.forget(url)
    if as_json:
        print_json({"forgotten": was_known})
    else:
        click.echo("Forgotten." if was_known else "Nothing is known of this address.")


def _show(found: LinkPreview | None) -> None:
    if found is None:
        click.echo("The page has no title, so there is no preview.")
        return
    image = found.image
    rows = {
        "title": found.title,
        "description": found.description,
        "author": found.author_name,
        "site": found.provider_name,
        "host": found.host,
        "type": found.kind.value,
        "picture": image and f"{image.width} by {image.height} pixels",
    }
    for name, value in rows.items():
        if value:
            click.echo(f"{name + ':':<13}{value}")
