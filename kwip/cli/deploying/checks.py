"""Whether this version may run beside the ones that run now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cli import numbered
from kwip.cli.checking.agreement import other_versions
from kwip.cli.checking.compatibility import misfit_lines
from kwip.cli.checking.site import look_through
from kwip.cli.doctor import ailing, ask
from kwip.cli.running import connected
from kwip.services.maintenance.migration import Migration, oldest_schemas
from kwip.store.maintenance.migrating import MigrationStore
from kwip.store.upgrades import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from config.settings import Settings
    from kwip.services.maintenance.progress import Progress
    from kwip.store.maintenance.processes import Process


@dataclass(frozen=True, slots=True)
class Verdict:
    """What must be done before the release, and what comes after it."""

    processes: Sequence[Process] = ()
    findings: Sequence[str] = ()
    notes: Sequence[str] = ()


def judge(settings: Settings, progress: Progress) -> Verdict:
    """Check the servers, the running processes and the documents.

    Raises:
        NotRunningError: MongoDB does not answer.
    """
    findings = list(ailing(list(ask(settings))))
    with connected(settings) as wiring:
        site = look_through(settings, wiring, is_release=True)
        older = Migration(MigrationStore(wiring.store)).count(progress)
    processes = site.processes
    return Verdict(
        processes,
        [
            *findings,
            *site.findings,
            *misfit_lines(processes),
            *_unfinished(older, oldest_schemas(processes)),
        ],
        [*other_versions(processes), *_later(older, oldest_schemas(processes))],
    )


def _unfinished(
    older: Mapping[str, Mapping[int, int]], oldest: Mapping[str, int]
) -> Iterator[str]:
    """Say where documents are older than anything that runs, and so two versions old.

    This version may read them; whoever wrote it only had to think of one version back.
    """
    for name, schemas in older.items():
        number = sum(n for schema, n in schemas.items() if schema < oldest[name])
        if number:
            yield (
                f"{name}: {numbered(number, 'document')} of a version before the ones"
                " that run: run `kwip db migrate` first"
            )


def _later(
    older: Mapping[str, Mapping[int, int]], oldest: Mapping[str, int]
) -> Iterator[str]:
    for name, schemas in older.items():
        if oldest[name] == SCHEMAS[name]:
            continue
        number = sum(n for schema, n in schemas.items() if schema >= oldest[name])
        yield (
            f"{name}: run `kwip db migrate` after the release, for"
            f" {numbered(number, 'document')} and those that are written until then"
        )
