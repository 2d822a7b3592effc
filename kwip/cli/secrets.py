"""`kwip secrets`: change the key of cookies, or the password of MongoDB."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.domain.clock import at, system_clock_ms
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.mongodb_password import stage
from kwip.embedded.retired_keys import retire
from kwip.services.accounts.authentication import SESSION_LIFETIME

if TYPE_CHECKING:
    from datetime import timedelta

    from config.settings import Settings


@click.group("secrets")
def command() -> None:
    """Change the key of cookies, or the password of MongoDB."""


@command.command("rotate")
@click.option(
    "--revoke",
    is_flag=True,
    help="Accept no older key: everyone has to log in again.",
)
@json_option
@click.pass_obj
def rotate(settings: Settings, *, revoke: bool, as_json: bool) -> None:
    """Create a new key; the older ones stay valid for a while.

    Older keys are removed once nothing that they signed is valid any more. Restart Kwip
    afterwards. It needs no running stack.
    """
    for variable, found in (
        ("KWIP_SECRET_KEY", settings.secret_keys),
        ("KWIP_SECRET_KEY_FILE", settings.secret_keys_in_file),
    ):
        if found is not None:
            raise click.UsageError(
                f"{variable} is set, so the key is not Kwip's to change: see "
                '"Change the secret key" in docs/runbook.md'
            )
    home = _home(settings)
    known, path = home.secret_keys(), home.root / "secrets" / "flask"
    unused_for = at(system_clock_ms()) - at(int(path.stat().st_mtime * 1_000))
    kept = _kept(known, unused_for, revoke=revoke)
    dropped = [key for key in known if key not in kept]
    retire(home, dropped, system_clock_ms() / 1_000)
    home.replace_secret("flask", "\n".join((secrets.token_urlsafe(48), *kept)))
    if as_json:
        print_json({"accepted": 1 + len(kept), "removed": len(known) - len(kept)})
        return
    click.echo(
        f"created a new key; {numbered(len(kept), 'older key')} still accepted,"
        f" {len(known) - len(kept)} removed. Restart Kwip to use it."
    )


def _home(settings: Settings) -> HomeFolder:
    """Return the folder of a Kwip that has been started, whose secrets are in it."""
    home = HomeFolder(settings.home)
    if not (home.root / "secrets").is_dir():
        raise click.UsageError(
            f"KWIP_HOME={home.root}: there are no secrets to change: start Kwip once,"
            " or name its folder"
        )
    return home


@command.command("rotate-mongodb")
@json_option
@click.pass_obj
def rotate_mongodb(settings: Settings, *, as_json: bool) -> None:
    """Change the password of the private MongoDB.

    That is the one that `kwip up` runs; it gets the password at its next start. What
    runs keeps the password it has. Restart Kwip afterwards.
    """
    if settings.mongodb_uri is not None:
        raise click.UsageError(
            "KWIP_MONGODB_URI is set, so the password is not Kwip's to change: see "
            '"Change the password of MongoDB" in docs/runbook.md'
        )
    stage(_home(settings))
    if as_json:
        print_json({"is_staged": True})
        return
    click.echo("created a new password. Restart Kwip to set and use it.")


def _kept(
    known: tuple[str, ...], unused_for: timedelta, *, revoke: bool
) -> tuple[str, ...]:
    """Return the keys that may have signed a session which is still valid.

    `unused_for` is how long only the first of them has signed.
    """
    if revoke:
        return ()
    return known[:1] if unused_for > SESSION_LIFETIME else known
