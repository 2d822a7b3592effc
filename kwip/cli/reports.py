"""`kwip reports`: what people report, for operators without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.audit import OPERATOR, order, reason_option
from kwip.cli.running import connected
from kwip.domain.moderation.reports import Category, Event, ReportFilter
from kwip.domain.timelines.pages import PageRequest

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.domain.accounts.users import User
    from kwip.domain.moderation.reports import ReportView
    from kwip.domain.moderation.strikes import ReportDetail

_ID = click.argument("report_id", type=click.IntRange(min=1))
_MOST = 40


@click.group("reports")
def command() -> None:
    """Show and resolve reports."""


@command.command("list")
@click.option("--all", "shows_all", is_flag=True, help="Also resolved ones.")
@click.option(
    "--category",
    type=click.Choice([category.value for category in Category]),
    help="Only show this category.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=20,
    show_default=True,
    help="How many to show.",
)
@click.option("--before", type=click.IntRange(min=1), help="Only older ones than this.")
@json_option
@click.pass_obj
def show_all(
    settings: Settings,
    *,
    shows_all: bool,
    category: str | None,
    limit: int,
    before: int | None,
    as_json: bool,
) -> None:
    """List the open reports, the newest first."""
    wanted = ReportFilter(
        is_open=None if shows_all else True,
        category=None if category is None else Category(category),
    )
    with connected(settings) as wiring:
        found = wiring.services.queue.page(
            OPERATOR, wanted, PageRequest(limit=limit, max_id=before)
        )
    if as_json:
        print_json({"reports": [_row(view) for view in found.items]})
        return
    for view in found.items:
        click.echo(_line(view))
    click.echo(numbered(len(found.items), "report"))


@command.command("show")
@_ID
@json_option
@click.pass_obj
def show(settings: Settings, report_id: int, *, as_json: bool) -> None:
    """Show a report: the reported posts, notes and what was done."""
    with connected(settings) as wiring:
        detail = wiring.services.queue.detail(OPERATOR, report_id)
    if as_json:
        print_json(_details(detail))
        return
    click.echo(_line(detail.view))
    report = detail.view.report
    if report.comment:
        click.echo(report.comment)
    for post in report.posts:
        gone = detail.now.get(post.id)
        state = " (deleted)" if gone is None or gone.is_tombstone else ""
        click.echo(f"  post {post.id}{state}: {' '.join(post.text.split())}")
    for event in report.events:
        who = _name(detail.people.get(event.by_id))
        words = f"{event.event} {event.act} {event.text}".split()
        click.echo(f"  {event.at:%Y-%m-%d %H:%M}  {who}  {' '.join(words)}")


@command.command("resolve")
@_ID
@reason_option
@json_option
@click.pass_obj
def resolve(settings: Settings, report_id: int, *, as_json: bool) -> None:
    """Resolve a report without doing anything else.

    To limit or suspend somebody, use `kwip users`.
    """
    with connected(settings) as wiring:
        queue = wiring.services.queue
        queue.change(OPERATOR, order(), report_id, Event.RESOLVE)
        view = queue.get(OPERATOR, report_id)
    if as_json:
        print_json(_row(view))
    else:
        click.echo(_line(view))


def _line(view: ReportView) -> str:
    report = view.report
    state = "open" if report.is_open else "resolved"
    who = f"{_name(view.reporter)} reports {_name(view.target)}"
    posts = numbered(len(report.posts), "post")
    return (
        f"{report.id}  {report.created_at:%Y-%m-%d %H:%M}  {state:<8}  "
        f"{report.category:<9}  {who}, {posts}"
    )


def _row(view: ReportView) -> dict[str, object]:
    report = view.report
    return {
        "id": str(report.id),
        "created_at": report.created_at.isoformat(),
        "is_open": report.is_open,
        "category": report.category,
        "reporter": view.reporter and view.reporter.username,
        "target": view.target and view.target.username,
        "assigned": view.assigned and view.assigned.username,
        "comment": report.comment,
        "rule_ids": list(report.rule_ids),
        "post_ids": [str(post_id) for post_id in report.post_ids],
    }


def _details(detail: ReportDetail) -> dict[str, object]:
    report = detail.view.report
    return {
        **_row(detail.view),
        "posts": [
            {
                "id": str(post.id),
                "text": post.text,
                "is_deleted": post.id not in detail.now
                or detail.now[post.id].is_tombstone,
            }
            for post in report.posts
        ],
        "events": [
            {
                "at": event.at.isoformat(),
                "event": event.event,
                "by": _name(detail.people.get(event.by_id)),
                "act": event.act,
                "text": event.text,
            }
            for event in report.events
        ],
    }


def _name(user: User | None) -> str:
    return "nobody" if user is None else f"@{user.username}"
