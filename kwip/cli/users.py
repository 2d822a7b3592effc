"""`kwip users`: create and manage users."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from kwip.cli import dry_run_option, json_option, numbered, print_json, throttle_option
from kwip.cli.applications import approve, reject, requests
from kwip.cli.audit import OPERATOR, order, reason_option
from kwip.cli.bars import Bars
from kwip.cli.email_domains import block_domain
from kwip.cli.members import list_users, show
from kwip.cli.parts import viewer_named as _viewer
from kwip.cli.running import connected
from kwip.cli.user_access import password_link, reset_two_factor
from kwip.domain.accounts.audit_log import Action
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.users import READ, WRITE, Viewer
from kwip.domain.moderation.strikes import Act, Decision
from kwip.services.accounts.staff.moderation import Moderation
from kwip.services.accounts.users import SignUp
from kwip.services.maintenance.deletion import BATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from config.settings import Settings
    from kwip.domain.ids import UserId
    from kwip.services.maintenance.deletion import Deletion
    from kwip.wiring import Wiring

#: The name of such a token in the user's list.
_TOKEN_NAME = "command line"  # noqa: S105 -- a name, no secret


@click.group("users")
def command() -> None:
    """Create and manage users."""


for each in (
    *(block_domain, list_users, show, reset_two_factor, password_link),
    *(requests, approve, reject),
):
    command.add_command(each)


@command.command("create")
@click.argument("name")
@click.option("--email", required=True, help="Email address.")
@click.option(
    "--password", help="Password. Without it, you are asked, or standard input is read."
)
@click.option("--display-name", default="", help="Name to show on pages.")
@json_option
@click.pass_obj
def create(
    settings: Settings,
    name: str,
    *,
    email: str,
    password: str | None,
    display_name: str,
    as_json: bool,
) -> None:
    """Create a user with the username NAME."""
    if password is None:
        password = ask_password()
    form = SignUp(
        username=name, email=email, password=password, display_name=display_name
    )
    with connected(settings) as wiring:
        user = wiring.services.users.sign_up(form)
        wiring.services.email_address.confirm_by_operator(user.id)
    _print({"id": str(user.id), "username": user.username}, as_json=as_json)


@command.command("token")
@click.argument("name")
@click.option(
    "--scopes",
    default=f"{READ},{WRITE}",
    show_default=True,
    help="What the token allows: read, write and push, separated by commas.",
)
@reason_option
@json_option
@click.pass_obj
def token(settings: Settings, name: str, *, scopes: str, as_json: bool) -> None:
    """Create a personal token for the user NAME.

    The user does not need a password.
    """
    allowed = frozenset(scope.strip() for scope in scopes.split(","))
    with connected(settings) as wiring:
        viewer = _viewer(wiring, name)
        wiring.services.authentication.require_creatable(viewer, _TOKEN_NAME, allowed)
        details = {"user_id": str(viewer.id), "scopes": scopes}
        wiring.services.audit_log.record(
            order(), Action.CREATE_TOKEN, f"@{viewer.username}", details
        )
        _, text = wiring.services.authentication.create_token(
            viewer, _TOKEN_NAME, allowed
        )
    _print(
        {"id": str(viewer.id), "username": viewer.username, "token": text},
        as_json=as_json,
    )


@command.command("follow")
@click.argument("follower")
@click.argument("followee")
@json_option
@click.pass_obj
def follow(settings: Settings, follower: str, followee: str, *, as_json: bool) -> None:
    """Make the user FOLLOWER follow the user FOLLOWEE."""
    with connected(settings) as wiring:
        viewer, other = _viewer(wiring, follower), _viewer(wiring, followee)
        wiring.services.relationships.follow(viewer, other.id)
    _print({"id": str(other.id), "username": other.username}, as_json=as_json)


#: What the person is told of a decision.
_message_option = click.option(
    "--message", default="", help="An explanation for them, sent with the decision."
)
_no_mail_option = click.option(
    "--no-mail", is_flag=True, help="Send them no email, so that they can't appeal."
)


@command.command("suspend")
@click.argument("name")
@_message_option
@_no_mail_option
@reason_option
@json_option
@click.pass_obj
def suspend(
    settings: Settings, name: str, *, message: str, no_mail: bool, as_json: bool
) -> None:
    """Suspend the user NAME and hide everything they posted.

    Their sessions and tokens stop working. They get an email, and can appeal.
    `kwip users unsuspend` restores everything.
    """
    decision = Decision(act=Act.SUSPEND, text=message, sends_mail=not no_mail)
    _decide(settings, name, decision, as_json=as_json, is_suspended=True)


@command.command("unsuspend")
@click.argument("name")
@reason_option
@json_option
@click.pass_obj
def unsuspend(settings: Settings, name: str, *, as_json: bool) -> None:
    """Lift the suspension of the user NAME."""
    _lift(settings, name, Act.SUSPEND, as_json=as_json, is_suspended=False)


@command.command("silence")
@click.argument("name")
@_message_option
@_no_mail_option
@reason_option
@json_option
@click.pass_obj
def silence(
    settings: Settings, name: str, *, message: str, no_mail: bool, as_json: bool
) -> None:
    """Silence NAME: only followers come across their posts.

    They can still log in, and their profile and posts can still be opened. They get an
    email, and can appeal. `kwip users unsilence` ends it.
    """
    decision = Decision(act=Act.SILENCE, text=message, sends_mail=not no_mail)
    _decide(settings, name, decision, as_json=as_json, is_silenced=True)


@command.command("unsilence")
@click.argument("name")
@reason_option
@json_option
@click.pass_obj
def unsilence(settings: Settings, name: str, *, as_json: bool) -> None:
    """Lift the silence of the user NAME."""
    _lift(settings, name, Act.SILENCE, as_json=as_json, is_silenced=False)


@command.command("confirm")
@click.argument("name")
@reason_option
@json_option
@click.pass_obj
def confirm(settings: Settings, name: str, *, as_json: bool) -> None:
    """Confirm the email address of the user NAME.

    If the site requires it, people can only post and follow with a confirmed one.
    """
    confirmed = partial(Moderation.confirm_email, order=order())
    _moderate(settings, name, confirmed, as_json=as_json)


@command.command("modify")
@click.argument("name")
@click.option(
    "--role",
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="What the user may do on the site.",
)
@reason_option
@json_option
@click.pass_obj
def modify(settings: Settings, name: str, *, role: str, as_json: bool) -> None:
    """Give the user NAME another role.

    Moderators handle reports, and silence and suspend people. Administrators also
    change settings and manage accounts. Owners may do everything, and appoint others.
    The only owner of a site cannot get another role, nor be suspended or deleted.
    """
    given = Role(role)
    set_role = partial(Moderation.set_role, role=given, order=order())
    _moderate(settings, name, set_role, as_json=as_json, role=role)


@command.command("password")
@click.argument("name")
@click.option(
    "--end-tokens", is_flag=True, help="Revoke the user's personal tokens too."
)
@reason_option
@json_option
@click.pass_obj
def password(settings: Settings, name: str, *, end_tokens: bool, as_json: bool) -> None:
    """Set a new password for the user NAME and end all sessions.

    You are asked for the password, or it is read from standard input.
    """
    with connected(settings) as wiring:
        viewer = _viewer(wiring, name)
        sessions, tokens = wiring.services.moderation.set_password(
            viewer.id, ask_password(), order(), ends_tokens=end_tokens
        )
    row = {"sessions_ended": sessions, "tokens_ended": tokens}
    _print({**_named(viewer), **row}, as_json=as_json)


@command.command("delete")
@click.argument("name")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask for confirmation.")
@dry_run_option
@throttle_option(f"Milliseconds to pause after every {BATCH} removals.")
@reason_option
@json_option
@click.pass_obj
def delete(
    settings: Settings,
    name: str,
    *,
    is_sure: bool,
    dry_run: bool,
    throttle: int,
    as_json: bool,
) -> None:
    """Delete the user NAME and all their data.

    This can't be undone. The account is suspended first. Then posts become tombstones,
    and follows, blocks, mutes, lists, reactions, sessions, tokens, home, credentials
    and pictures are deleted. Nobody can use the username again. If the command is
    interrupted, run it again to finish.
    """
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        deletion = wiring.services.deletion
        viewer = _to_delete(wiring, deletion, name)
        if dry_run:
            removed = deletion.preview(viewer.id)
        else:
            _make_sure(viewer.username, is_sure=is_sure)
            wiring.fence.await_lease(within_s=1.0)
            pause_s = throttle / 1000
            removed = deletion.run(viewer.id, bars, order(), throttle_s=pause_s)
    if as_json:
        row = {**_named(viewer), "is_dry_run": dry_run, "removed": removed}
        print_json(row)
        return
    found = ", ".join(numbered(n, what[:-1]) for what, n in removed.items())
    done = "would be deleted" if dry_run else "was deleted"
    click.echo(f"@{viewer.username} {done}, with {found}")


def _to_delete(wiring: Wiring, deletion: Deletion, name: str) -> Viewer:
    """Find a user by username, or whose deletion under that name was interrupted."""
    username = name.removeprefix("@").lower()
    gone_id = deletion.cut_off(username)
    if gone_id is not None:
        return Viewer.without_session(gone_id, username)
    return _viewer(wiring, name)


def _make_sure(username: str, *, is_sure: bool) -> None:
    """Ask for the username again.

    Raises:
        UsageError: It was another one, or none.
    """
    if is_sure:
        return
    if sys.stdin.isatty():
        said = click.prompt(f"Type {username} to confirm", err=True)
    else:
        said = sys.stdin.readline()
    if said.strip().removeprefix("@").lower() != username:
        raise click.UsageError(
            f"Nothing was deleted. To confirm, type {username}, or use --yes."
        )


def _moderate(
    settings: Settings,
    name: str,
    act: Callable[[Moderation, UserId], None],
    *,
    as_json: bool,
    **changed: object,
) -> None:
    with connected(settings) as wiring:
        viewer = _viewer(wiring, name)
        act(wiring.services.moderation, viewer.id)
    _print({**_named(viewer), **changed}, as_json=as_json)


def _decide(
    settings: Settings,
    name: str,
    decision: Decision,
    *,
    as_json: bool,
    **changed: object,
) -> None:
    with connected(settings) as wiring:
        viewer, limits = _viewer(wiring, name), wiring.services.limits
        limits.limit(OPERATOR, order(), viewer.id, decision)
    _print({**_named(viewer), **changed}, as_json=as_json)


def _lift(
    settings: Settings, name: str, act: Act, *, as_json: bool, **changed: object
) -> None:
    with connected(settings) as wiring:
        viewer, limits = _viewer(wiring, name), wiring.services.limits
        limits.lift(OPERATOR, order(), viewer.id, act)
    _print({**_named(viewer), **changed}, as_json=as_json)


def _named(viewer: Viewer) -> dict[str, object]:
    return {"id": str(viewer.id), "username": viewer.username}


def ask_password() -> str:
    """Ask a person twice; otherwise read the first line of standard input.

    Raises:
        click.UsageError: There is none.
    """
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise click.UsageError(
            "No password was given. Without a terminal, pass it on standard input: "
            "`kwip users … < password.txt`."
        )
    return line


def _print(row: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    width = max(10, 2 + max(map(len, row)))
    for name, value in row.items():
        shown = ("no", "yes")[value] if isinstance(value, bool) else value
        click.echo(f"{name:<{width}}{shown}")
