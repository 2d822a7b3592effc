"""`kwip import`: bring a user from another Kwip, or kwips into an account."""  # noqa: N999 -- the command's name

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, json_option, numbered, print_json
from kwip.cli.bars import Bars
from kwip.cli.parts import import_by, viewer_named
from kwip.cli.running import connected
from kwip.cli.users import ask_password
from kwip.domain.accounts.transfers import ARCHIVE, FILE_KINDS
from kwip.services.backups.archive import Archive
from kwip.services.backups.user_import import Account

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.services.backups.kwips_import import Report


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--email", help="Email address of the account that is created here.")
@click.option(
    "--password", help="Password. Without it, you are asked, or standard input is read."
)
@click.option("--as", "username", help="Another username than in the archive.")
@click.option("--into", help="Import into the account with this username instead.")
@click.option(
    "--kind",
    type=click.Choice(FILE_KINDS),
    default=ARCHIVE,
    show_default=True,
    help="With --into: an archive, or one of Mastodon's CSV files.",
)
@json_option
@click.pass_obj
def command(
    settings: Settings,
    /,
    *,
    file: Path,
    into: str | None,
    kind: str,
    as_json: bool,
    **account: str | None,
) -> int:
    """Bring a user from another Kwip, or kwips into an account.

    With --email, creates the user of the archive FILE, which `kwip export user` has
    written, with their kwips and the dates of these. Follows, blocks, mutes and lists
    are of the people here with the same usernames.

    With --into, imports the kwips of an archive of Kwip, Mastodon or Twitter into an
    account, or a CSV file of Mastodon's, as its owner can in the settings, but of any
    size. An archive of Kwip also brings follows, blocks, mutes, lists, notes and
    followed hashtags.

    Nobody is notified, and nobody else's home changes. If it is interrupted, run it
    again; repeating it adds nothing. Exits with 1 if something was left out.
    """
    if (into is None) == (account["email"] is None):
        raise click.UsageError("Use either --email or --into.")
    if into is not None:
        return _into(settings, file, into, kind, as_json=as_json)
    return _new(settings, file, account, as_json=as_json)


def _into(
    settings: Settings, file: Path, name: str, kind: str, *, as_json: bool
) -> int:
    """Import into an account."""
    username = name.removeprefix("@").lower()
    try:
        stream = file.open("rb")
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}.") from error
    with (
        stream,
        connected(settings) as wiring,
        Bars(is_quiet=as_json) as bars,
    ):
        wiring.fence.await_lease(within_s=1.0)
        viewer = viewer_named(wiring, username)
        run = wiring.services.imports.run
        report = run(viewer, stream, kind, bars, is_limited=False)
    _print(report, username, as_json=as_json)
    return FOUND if report.left_out else 0


def _print(report: Report, username: str, *, as_json: bool) -> None:
    if as_json:
        rows = [
            dict(zip(("what", "written", "reason", "text"), row, strict=True))
            for row in report.left_out
        ]
        print_json(
            {"username": username, "counts": dict(report.counts), "findings": rows}
        )
        return
    for what, written, reason, text in report.left_out:
        click.echo(" ".join(filter(None, (written, what, f"{reason}:", text))))
    counts = ", ".join(f"{number} {kind}" for kind, number in report.counts.items())
    click.echo(f"@{username}: {counts}")


def _new(
    settings: Settings, file: Path, given: dict[str, str | None], *, as_json: bool
) -> int:
    """Create the user of an archive."""
    with closing(Archive(file, "user")) as archive:
        account = Account(
            email=given["email"] or "",
            password=given["password"] or ask_password(),
            username=given["username"],
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
