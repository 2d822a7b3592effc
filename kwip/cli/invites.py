"""`kwip invites`: links with which people can sign up, and the waiting list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.running import connected
from kwip.domain.accounts.joining import STAFF_DAYS, STAFF_USES
from kwip.domain.errors import NotFoundError

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.domain.accounts.joining import Invitation
    from kwip.services.accounts.joining.invitations import Listed


@click.group("invites")
def command() -> None:
    """Invite people, also from the waiting list."""


@command.command("create")
@click.option(
    "--uses",
    type=click.IntRange(1, STAFF_USES),
    help="How many people can use it. Without it, any number.",
)
@click.option(
    "--days",
    type=click.IntRange(1, STAFF_DAYS),
    help="For how many days it works. Without it, until you revoke it.",
)
@reason_option
@json_option
@click.pass_obj
def create(
    settings: Settings, *, uses: int | None, days: int | None, as_json: bool
) -> None:
    """Create an invitation, and print its link."""
    with connected(settings) as wiring:
        made = wiring.services.invitations.create_for_staff(
            order(), max_uses=uses, days=days
        )
    if as_json:
        print_json(_row(settings, made))
    else:
        click.echo(_link(settings, made))


@command.command("list")
@json_option
@click.pass_obj
def show(settings: Settings, *, as_json: bool) -> None:
    """List the newest invitations.

    With who made them, and who came by them.
    """
    with connected(settings) as wiring:
        found = wiring.services.invitations.newest()
    if as_json:
        rows = [
            {
                **_row(settings, each.invitation),
                "works": each.works,
                "creator": each.creator.username if each.creator else None,
                "invited": [user.username for user in each.invited],
            }
            for each in found
        ]
        print_json({"invitations": rows})
        return
    for each in found:
        click.echo(_line(settings, each))
    click.echo(numbered(len(found), "invitation"))


@command.command("revoke")
@click.argument("code")
@reason_option
@json_option
@click.pass_obj
def revoke(settings: Settings, code: str, *, as_json: bool) -> None:
    """End the invitation with CODE, which is the last part of its link."""
    code = code.rpartition("/")[2]
    with connected(settings) as wiring:
        wiring.services.invitations.end_by_staff(code, order())
    if as_json:
        print_json({"revoked": code})
    else:
        click.echo(f"revoked {code}")


@command.command("waiting")
@json_option
@click.pass_obj
def waiting(settings: Settings, *, as_json: bool) -> None:
    """List the addresses on the waiting list, the oldest first."""
    with connected(settings) as wiring:
        found = wiring.services.wait_list.waiting()
    if as_json:
        rows = [
            {"email": each.email, "confirmed_at": each.confirmed_at.isoformat()}
            for each in found
        ]
        print_json({"waiting": rows})
        return
    for each in found:
        click.echo(f"{each.confirmed_at:%Y-%m-%d}  {each.email}")
    click.echo(numbered(len(found), "address"))


@command.command("send")
@click.argument("email")
@reason_option
@json_option
@click.pass_obj
def send(settings: Settings, email: str, *, as_json: bool) -> None:
    """Send an invitation to EMAIL, which is on the waiting list.

    The address is deleted from the list.
    """
    with connected(settings) as wiring:
        found = wiring.services.wait_list
        keys = [each.key for each in found.waiting() if each.email == email]
        if not keys:
            raise NotFoundError("This address is not on the waiting list.")
        found.invite(keys[0], order())
    if as_json:
        print_json({"sent": email})
    else:
        click.echo(f"sent an invitation to {email}")


def _link(settings: Settings, invitation: Invitation) -> str:
    return f"{settings.origin}/invite/{invitation.code}"


def _row(settings: Settings, invitation: Invitation) -> dict[str, object]:
    until = invitation.works_until
    return {
        "code": invitation.code,
        "url": _link(settings, invitation),
        "max_uses": invitation.max_uses,
        "uses": invitation.uses_count,
        "works_until": until.isoformat() if until else None,
    }


def _line(settings: Settings, listed: Listed) -> str:
    one = listed.invitation
    creator = f"@{listed.creator.username}" if listed.creator else "the site"
    state = _link(settings, one) if listed.works else f"{one.code} (no longer works)"
    uses = f"used {one.uses_count} of {one.max_uses or 'any number of'} times"
    came = ", ".join(f"@{user.username}" for user in listed.invited)
    return f"{state}  {creator}  {uses}  {came}".rstrip()
