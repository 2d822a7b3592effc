"""`kwip import`: bring a user from another Kwip."""  # noqa: N999 -- the command's name

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, json_option, numbered, print_json
from kwip.cli.bars import Bars
from kwip.cli.parts import import_by
from kwip.cli.running import connected
from kwip.cli.users import ask_password
from kwip.services.backups.archive import Archive
from kwip.services.backups.user_import import Account

if TYPE_CHECKING:
    from config.settings import Settings


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--email", required=True, help="Email address of the account here.")
@click.option(
    "--password", help="Password. Without it, you are asked, or standard input is read."
)
@click.option("--as", "username", help="Another username than in the archive.")
@json_option
@click.pass_obj
def command(
    settings: Settings,
    *,
    file: Path,
    email: str,
    password: str | None,
    username: str | None,
    as_json: bool,
) -> int:
    """Bring a user from another Kwip.

    Creates the user of the archive FILE, which `kwip export user` has written, with
    their kwips and the dates of these. Nobody is notified, and nobody else's home
    changes. Follows, blocks, mutes and lists are of the people here with the same
    usernames. If it is interrupted, run it again; repeating it adds nothing. Exits with
    1 if something could not be brought over.
    """
    with closing(Archive(file, "user")) as archive:
        account = Account(
            email=email, password=password or ask_password(), username=username
        )
        with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
            wiring.fence.await_lease(within_s=1.0)
            done = import_by(wiring, settings).run(archive, account, bars)
    if as_json:
        print_json(
            {
                "id": str(done.user_id),
                "username": done.username,
                "added": dict(done.added),
                "findings": done.findings,
            }
        )
        return FOUND if done.findings else 0
    for finding in done.findings:
        click.echo(finding)
    what = ", ".join(f"{number} {kind}" for kind, number in done.added.items())
    click.echo(f"@{done.username}: {what or 'nothing new'} added")
    if done.findings:
        click.echo(f"{numbered(len(done.findings), 'thing')} left out")
    return FOUND if done.findings else 0
