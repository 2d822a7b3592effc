"""`kwip announcements`: what is announced to members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.running import connected
from kwip.domain.administration.announcements import TypedAnnouncement

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from config.settings import Settings
    from kwip.domain.administration.announcements import Announcement, AnnouncementState
    from kwip.services.accounts.administration.announcements import Announcements

_ID = click.argument("announcement_id", type=click.IntRange(min=1))
_TIMES = (
    click.option("--from", "starts_at", default="", help="When it begins, in UTC."),
    click.option("--until", "ends_at", default="", help="When it ends, in UTC."),
)


@click.group("announcements")
def command() -> None:
    """Announce something to all members.

    Times are in UTC, such as 2030-12-31T18:00. Changes apply to all running processes
    when the command returns, after about three seconds.
    """


@command.command("list")
@json_option
@click.pass_obj
def show(settings: Settings, *, as_json: bool) -> None:
    """List the announcements, the newest first."""
    with connected(settings) as wiring:
        announcements = wiring.services.announcements
        found = [(a, announcements.state(a)) for a in announcements.newest()]
    if as_json:
        print_json({"announcements": [_row(*each) for each in found]})
        return
    for announcement, state in found:
        click.echo(_line(announcement, state))
    click.echo(numbered(len(found), "announcement"))


@command.command("add")
@click.argument("text")
@_TIMES[0]
@_TIMES[1]
@click.option("--draft", "is_draft", is_flag=True, help="Do not publish it yet.")
@reason_option
@json_option
@click.pass_obj
def add(
    settings: Settings,
    text: str,
    *,
    starts_at: str,
    ends_at: str,
    is_draft: bool,
    as_json: bool,
) -> None:
    """Announce TEXT, which is Markdown."""
    typed = TypedAnnouncement(text=text, starts_at=starts_at, ends_at=ends_at)
    _change(
        settings,
        lambda all_: all_.add(typed, order(), is_published=not is_draft),
        as_json=as_json,
    )


@command.command("edit")
@_ID
@click.argument("text", required=False)
@click.option("--from", "starts_at", help="When it begins, in UTC; empty for at once.")
@click.option("--until", "ends_at", help="When it ends, in UTC; empty for no end.")
@reason_option
@json_option
@click.pass_obj
def edit(
    settings: Settings,
    announcement_id: int,
    text: str | None,
    *,
    starts_at: str | None,
    ends_at: str | None,
    as_json: bool,
) -> None:
    """Change the text of an announcement to TEXT, or its times."""

    def change(announcements: Announcements) -> Announcement:
        known = announcements.get(announcement_id)
        typed = TypedAnnouncement(
            text=known.text if text is None else text,
            starts_at=_typed(starts_at, known.starts_at),
            ends_at=_typed(ends_at, known.ends_at),
        )
        return announcements.edit(announcement_id, typed, known.version, order())

    _change(settings, change, as_json=as_json)


@command.command("publish")
@_ID
@reason_option
@json_option
@click.pass_obj
def publish(settings: Settings, announcement_id: int, *, as_json: bool) -> None:
    """Publish a draft."""
    _change(
        settings, lambda all_: all_.publish(announcement_id, order()), as_json=as_json
    )


@command.command("end")
@_ID
@reason_option
@json_option
@click.pass_obj
def end(settings: Settings, announcement_id: int, *, as_json: bool) -> None:
    """Show an announcement no more."""
    _change(settings, lambda all_: all_.end(announcement_id, order()), as_json=as_json)


@command.command("delete")
@_ID
@reason_option
@json_option
@click.pass_obj
def delete(settings: Settings, announcement_id: int, *, as_json: bool) -> None:
    """Delete an announcement."""
    with connected(settings) as wiring:
        wiring.services.announcements.remove(announcement_id, order())
    if as_json:
        print_json({"deleted": str(announcement_id)})
    else:
        click.echo(f"deleted {announcement_id}")


def _typed(asked: str | None, known: dt.datetime | None) -> str:
    if asked is not None:
        return asked
    return known.isoformat() if known else ""


def _change(
    settings: Settings,
    change: Callable[[Announcements], Announcement],
    *,
    as_json: bool,
) -> None:
    """Change an announcement, and print how it stands then."""
    with connected(settings) as wiring:
        announcements = wiring.services.announcements
        announcement = change(announcements)
        state = announcements.state(announcement)
    if as_json:
        print_json(_row(announcement, state))
    else:
        click.echo(_line(announcement, state))


def _line(announcement: Announcement, state: AnnouncementState) -> str:
    first = announcement.text.splitlines()[0]
    times = [
        f"{word} {moment:%Y-%m-%d %H:%M}"
        for word, moment in (
            ("from", announcement.starts_at),
            ("until", announcement.ends_at),
        )
        if moment
    ]
    return "  ".join((f"{announcement.id}", f"{state:<9}", *times, first[:60]))


def _row(announcement: Announcement, state: AnnouncementState) -> dict[str, object]:
    def written(moment: dt.datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    return {
        "id": str(announcement.id),
        "state": state,
        "text": announcement.text,
        "starts_at": written(announcement.starts_at),
        "ends_at": written(announcement.ends_at),
        "published_at": written(announcement.published_at),
        "updated_at": written(announcement.updated_at),
    }
