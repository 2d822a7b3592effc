"""`kwip fsck`: check stored data for problems, and repair it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, dry_run_option, json_option, numbered, print_json
from kwip.cli.bars import Bars
from kwip.cli.parts import repair_by
from kwip.cli.running import connected
from kwip.domain.clock import system_clock_ms
from kwip.services.maintenance.checks.emoji_check import check_emojis
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.services.maintenance.checks.joining_check import check_joining
from kwip.services.maintenance.reports import Reports
from kwip.store.maintenance.audit import AuditStore
from kwip.store.maintenance.joining_audit import JoiningAuditStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from config.settings import Settings
    from kwip.services.maintenance.checks.findings import Finding, Report
    from kwip.wiring import Wiring


@click.command("fsck")
@click.option(
    "--repair", "repairs", is_flag=True, help="Repair problems where possible."
)
@dry_run_option
@json_option
@click.pass_obj
def command(settings: Settings, *, repairs: bool, dry_run: bool, as_json: bool) -> int:
    """Check stored data for problems, and repair it.

    Checks both sides of follows, follow requests and blocks, timelines and their
    buckets, counters, hashtags, search, reactions, pins, attachments, link previews,
    posts waiting for delivery, scheduled kwips, claims on usernames and email
    addresses, closed accounts, what is left of deleted users, and custom emoji. The
    site can stay online.

    Without --repair, fsck changes nothing; it only stores the number of problems, for
    the metrics. With it, fsck repairs what it can and checks
    again. Add --dry-run to show the repairs without making them. Exits with 1 if
    problems remain.
    """
    if dry_run and not repairs:
        raise click.UsageError("--dry-run only works with --repair.")
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        report = left = _check(wiring, bars)
        if repairs and report.findings and not dry_run:
            wiring.fence.await_lease(within_s=1.0)
            repairable = [finding for finding in report.findings if finding.repair]
            repair_by(wiring, settings).repair(repairable, bars)
            left = _check(wiring, bars)
        if not dry_run:
            counts = Counter(finding.check for finding in left.findings)
            Reports(wiring.jobs, system_clock_ms).store_fsck(counts)
    repaired = {_place(f) for f in report.findings} - {_place(f) for f in left.findings}
    findings = list(dict.fromkeys([*report.findings, *left.findings]))
    if as_json:
        print_json(
            {
                "findings": [
                    {**asdict(f), "is_repaired": _place(f) in repaired}
                    for f in findings
                ],
                "checked": dict(report.checked),
                "is_complete": report.is_complete,
            }
        )
    else:
        _print(report, findings, repaired, repairs=repairs)
    return FOUND if left.findings else 0


def _check(wiring: Wiring, bars: Bars) -> Report:
    report = Fsck(AuditStore(wiring.store), system_clock_ms).run(bars)
    emojis = wiring.services.emojis.stored()
    report.findings += check_emojis(emojis, wiring.services.attachments.files.media)
    report.checked["emojis"] = len(emojis)
    report.findings += check_joining(JoiningAuditStore(wiring.store))
    return report


def _place(finding: Finding) -> tuple[str, str]:
    return finding.check, finding.id


def _print(
    report: Report,
    findings: Collection[Finding],
    repaired: Collection[tuple[str, str]],
    *,
    repairs: bool,
) -> None:
    for finding in findings:
        what = finding.remedy
        if _place(finding) in repaired:
            what = f"repaired ({finding.repair})"
        elif repairs and finding.repair:
            what = f"can be repaired: {finding.repair}"
        click.echo(f"{finding.check}: {finding.id}: {finding.problem}: {what}")
    found = numbered(len(findings), "problem") if findings else "No problems"
    done = f", {len(repaired)} repaired" if repaired else ""
    more = "" if report.is_complete else "; there are more"
    click.echo(f"{found} found{done}{more}")
    click.echo(f"checked {', '.join(f'{n} {w}' for w, n in report.checked.items())}")
