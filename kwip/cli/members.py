"""`kwip users list` and `show`: who is on the site, and what is known about them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.audit import line_of, row_of
from kwip.cli.running import connected
from kwip.domain.accounts.members import MemberQuery, MemberState
from kwip.domain.accounts.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings
    from kwip.domain.accounts.members import MemberFacts
    from kwip.domain.accounts.users import User
    from kwip.services.accounts.staff.members import Members

#: Users that are read at once.
_BATCH = 1_000


@click.command("list")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    help="Only users with this role.",
)
@click.option(
    "--state",
    type=click.Choice([state.value for state in MemberState]),
    help="Only users in this state.",
)
@click.option(
    "--search",
    default="",
    help="Only this username or email address, or names that begin like this.",
)
@json_option
@click.pass_obj
def list_users(
    settings: Settings,
    *,
    role: str | None,
    state: str | None,
    search: str,
    as_json: bool,
) -> None:
    """List the users of the site, the newest first.

    All of them are listed, and printed as they are read. A search compares 200 at most.
    """
    asked = MemberQuery(
        search=search,
        role=Role(role) if role else None,
        state=MemberState(state) if state else None,
        limit=_BATCH,
    )
    count = 0
    with connected(settings) as wiring:
        for user in _all(wiring.services.members, asked):
            if as_json:
                click.echo(", " if count else '{"users": [', nl=False)
                click.echo(json.dumps(_row(user), ensure_ascii=False), nl=False)
            else:
                click.echo(_line(user))
            count += 1
    if as_json:
        click.echo("]}" if count else '{"users": []}')
    else:
        click.echo(numbered(count, "user"))


def _all(members: Members, asked: MemberQuery) -> Iterator[User]:
    while True:
        users, next_id = members.page(asked, by_address=True)
        yield from users
        if next_id is None:
            return
        asked = replace(asked, beyond=next_id)


@click.command("show")
@click.argument("name")
@json_option
@click.pass_obj
def show(settings: Settings, name: str, *, as_json: bool) -> None:
    """Show what is known about NAME, without the email address."""
    with connected(settings) as wiring:
        facts = wiring.services.members.facts(name.removeprefix("@").lower())
    row = _known(facts)
    if as_json:
        print_json({**row, "log": [row_of(entry) for entry in facts.log]})
        return
    for key, value in row.items():
        shown = ("no", "yes")[value] if isinstance(value, bool) else value
        click.echo(f"{key:<20}{'-' if shown is None else shown}")
    for entry in facts.log:
        click.echo(line_of(entry))


def _row(user: User) -> dict[str, object]:
    return {
        "id": str(user.id),
        "username": user.username,
        "display_name": user.display_name,
        "role": user.role,
        "is_suspended": user.is_suspended,
        "is_silenced": user.is_silenced,
        "created_at": user.created_at.isoformat(),
        "posts_count": user.posts_count,
        "followers_count": user.followers_count,
    }


def _known(facts: MemberFacts) -> dict[str, object]:
    active = facts.last_active_at
    return {
        **_row(facts.user),
        "is_email_confirmed": facts.is_confirmed,
        "mail_problem": facts.mail_problem,
        "last_active_at": active and active.isoformat(),
        "session_count": facts.session_count,
        "token_count": facts.token_count,
        "stored_bytes": facts.stored_bytes,
        "delete_at": facts.closure and facts.closure.delete_at.isoformat(),
    }


def _line(user: User) -> str:
    flags = {"suspended": user.is_suspended, "silenced": user.is_silenced}
    notes = [str(user.role), *(name for name, is_set in flags.items() if is_set)]
    joined = f"{user.created_at:%Y-%m-%d}"
    return f"{joined}  @{user.username:<30} {user.posts_count:>8}  {', '.join(notes)}"
