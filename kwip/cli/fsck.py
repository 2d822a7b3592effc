"""`kwip fsck`: check that everything stored fits together."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, json_option, print_json
from kwip.cli.bars import Bars
from kwip.cli.running import connected
from kwip.domain.clock import system_clock_ms
from kwip.services.fsck import Fsck
from kwip.store.audit import AuditStore

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.services.fsck import Report


@click.command("fsck")
@json_option
@click.pass_obj
def command(settings: Settings, *, as_json: bool) -> int:
    """Check that everything stored fits together; exit 1 if something does not.

    Follows and blocks from both sides, entries of timelines and their buckets,
    counters, posts that wait for delivery, claims of handles and addresses. It only
    reads, and the site may go on meanwhile.
    """
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        report = Fsck(AuditStore(wiring.store), system_clock_ms).run(bars)
    if as_json:
        print_json(
            {
                "findings": [asdict(finding) for finding in report.findings],
                "checked": dict(report.checked),
                "is_complete": report.is_complete,
            }
        )
    else:
        _print(report)
    return FOUND if report.findings else 0


def _print(report: Report) -> None:
    for finding in report.findings:
        click.echo(
            f"{finding.check}: {finding.id}: {finding.problem}: {finding.remedy}"
        )
    looked_at = ", ".join(f"{n} {what}" for what, n in report.checked.items())
    more = "" if report.is_complete else " and more"
    click.echo(f"{len(report.findings)} findings{more} in {looked_at}")
