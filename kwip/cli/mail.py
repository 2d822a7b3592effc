"""`kwip mail`: show what waits, try again, send a test, take what came back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, json_option, numbered, print_json
from kwip.cli.running import connected
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import StoreUnavailableError
from kwip.services.mail.bounces import MOST_BYTES
from kwip.text.emails import clean_email

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.store.mail.mails import StoredMail

#: The most that is listed of each.
_MOST = 1_000


@click.group("mail")
def command() -> None:
    """Show mail that waits or was given up, and send a test."""


@command.command("list")
@json_option
@click.pass_obj
def list_mails(settings: Settings, *, as_json: bool) -> int:
    """List mail that is waiting, and dead letters, with the last problem.

    A dead letter is a mail that the server refused for good, or did not accept for a
    day; one with a link is given up when its link ends. Exits with 1 if there are dead
    letters. Mail is forgotten after 30 days.
    """
    with connected(settings) as wiring:
        store = wiring.services.mails.store
        waiting = store.listed(is_dead=False, limit=_MOST)
        dead = store.listed(is_dead=True, limit=_MOST)
    if as_json:
        print_json({"waiting": _rows(waiting), "findings": _rows(dead)})
        return FOUND if dead else 0
    for title, found in (("waiting", waiting), ("given up", dead)):
        click.echo(f"{numbered(len(found), 'mail')} {title}")
        for each in found:
            what = f"{each.created_at:%Y-%m-%d %H:%M} {each.kind} {each.user_id}"
            click.echo(f"{each.attempts:>4} {what} {each.problem}")
    return FOUND if dead else 0


@command.command("retry")
@json_option
@click.pass_obj
def retry(settings: Settings, *, as_json: bool) -> None:
    """Send dead letters again, for example after the server was repaired."""
    with connected(settings) as wiring:
        count = wiring.services.mails.store.retry(at(system_clock_ms()))
    if as_json:
        print_json({"retried": count})
        return
    click.echo(f"{numbered(count, 'mail')} will be sent again")


@command.command("test")
@click.argument("address")
@json_option
@click.pass_obj
def test(settings: Settings, address: str, *, as_json: bool) -> None:
    """Send a test message to ADDRESS now, without the worker."""
    to = clean_email(address).address
    with connected(settings) as wiring:
        refusal = wiring.services.mails.test(to)
    if refusal is not None:
        raise StoreUnavailableError(f"The message was not accepted: {refusal.problem}")
    if as_json:
        print_json({"sent": True})
        return
    click.echo(
        f"The server accepted a message to {to}. Check that it arrives."
        if settings.smtp_uri
        else f"Without KWIP_SMTP_URI, the message is in {settings.home / 'mail'}."
    )


@command.command("bounce")
@click.option("--to", "recipient", default="", help="To whom the report was sent.")
@json_option
@click.pass_obj
def bounce(settings: Settings, *, recipient: str, as_json: bool) -> None:
    """Read a report about a mail that could not be delivered, from stdin.

    Let your mail server call this for KWIP_MAIL_BOUNCES. If an address is refused for
    good, or three times in a week for the time being, notifications are not mailed to
    it any more, and its owner sees why in the settings. Everything else is left alone.
    """
    content = sys.stdin.buffer.read(MOST_BYTES)
    with connected(settings) as wiring:
        outcome = wiring.services.mails.bounces.take(content, recipient)
    if as_json:
        print_json({"outcome": outcome})
        return
    click.echo(_OUTCOMES[outcome])


#: What taking a report led to.
_OUTCOMES = {
    "off": "The address gets no more notifications.",
    "counted": "Noted.",
    "unsigned": "This was not sent to an address that Kwip has used.",
    "unknown": "The mail is forgotten, or was reported before.",
    "other": "This does not report that a mail failed.",
}


def _rows(mails: list[StoredMail]) -> list[dict[str, object]]:
    return [
        {
            "id": each.id,
            "kind": each.kind,
            "user_id": str(each.user_id),
            "attempts": each.attempts,
            "problem": each.problem,
            "created_at": each.created_at.isoformat(),
        }
        for each in mails
    ]
