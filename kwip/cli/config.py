"""`kwip config`: write what nginx needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwip.cli import numbered
from kwip.embedded.home_folder import HomeFolder
from kwip.nginx import upstreams

if TYPE_CHECKING:
    from config.settings import Settings

#: Kwip does not read it: a key may belong to root alone.
_FILE = click.Path(readable=False, path_type=Path)


@click.group("config")
def command() -> None:
    """Write what nginx needs."""


@command.command("nginx")
@click.option(
    "--web",
    multiple=True,
    metavar="HOST:PORT",
    help="A web server; repeat it for each. Without it, that of this machine.",
)
@click.option(
    "--write",
    multiple=True,
    metavar="HOST:PORT",
    help="A web server for requests that change something, if not all are.",
)
@click.option(
    "--live",
    multiple=True,
    metavar="HOST:PORT",
    help="A live process; repeat it for each. Without it, that of this machine.",
)
@click.option("--tls-cert", type=_FILE, help="The certificate with its chain.")
@click.option("--tls-key", type=_FILE, help="The key of the certificate.")
@click.option(
    "--assets",
    type=_FILE,
    help="The folder of `kwip config assets`, for nginx to send its files.",
)
@click.option(
    "--listen",
    multiple=True,
    metavar="[ADDRESS:]PORT",
    help="Where nginx listens, if not at the port of KWIP_ORIGIN on all addresses.",
)
@click.option(
    "--trusted-proxy",
    "trusted",
    multiple=True,
    metavar="NETWORK",
    help="A proxy in front of nginx, whose X-Forwarded-For is believed.",
)
@click.option(
    "--rate",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="Requests per second from one address, without files; 0 is no limit.",
)
@click.option(
    "--connections",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    help="Requests at once from one address; 0 is no limit.",
)
@click.option(
    "--watched",
    is_flag=True,
    help="Write the servers to lists that `kwip upstreams watch` keeps.",
)
@click.option(
    "--folder",
    type=_FILE,
    help="A folder for logs and temporary files, to run nginx as this user.",
)
@click.pass_obj
def nginx(settings: Settings, /, **options: Any) -> None:
    """Print a configuration of nginx, made from the settings.

    It is a whole nginx.conf for nginx 1.22 or newer. Check it with `nginx -t`.
    """
    # Imported here, because it loads the templates' engine.
    from kwip.nginx.configuration import Proxy, configuration, lists  # noqa: PLC0415

    if options["folder"] is not None:
        options["folder"].mkdir(mode=0o700, parents=True, exist_ok=True)
        user = "root" if os.geteuid() == 0 else None
        options |= {"folder": options["folder"].absolute(), "user": user}
    proxy = Proxy(**options)
    text = configuration(settings, proxy)
    if proxy.watched:
        folder = HomeFolder(settings.home).upstreams
        for pool, listing in lists(settings, proxy).items():
            upstreams.write(folder, pool, listing)
    click.echo(text, nl=False)


@command.command("assets")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def assets(_settings: Settings, *, folder: Path) -> None:
    """Write stylesheets, scripts and icons to a folder, for nginx.

    Beside each is its compressed form. Files of earlier versions stay, because open
    pages may still ask for them.
    """
    from kwip.blueprints.assets import load  # noqa: PLC0415 -- it loads all files

    files = load().files
    try:
        for name, asset in files.items():
            _replace(folder / name, asset.content)
            if asset.gzipped is not None:
                _replace(folder / f"{name}.gz", asset.gzipped)
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror}") from error
    click.echo(f"{numbered(len(files), 'file')} in {folder}")


def _replace(path: Path, content: bytes) -> None:
    """Write a file that others read, all at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.write_bytes(content)
    draft.chmod(0o644)
    draft.replace(path)
