"""Say which processes cannot run beside this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cli.checking.agreement import title
from kwip.services.maintenance.migration import misfits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kwip.store.maintenance.processes import Process


def misfit_lines(processes: Iterable[Process]) -> Iterator[str]:
    """Yield a line for each process and collection, with what to do."""
    for each in misfits(processes):
        who, version = title(each.process), each.process.version
        if each.is_older:
            yield (
                f"{each.collection}: Kwip {version}, {who}, cannot read what this"
                " version writes: update it to a version in between, or stop it"
            )
        else:
            yield (
                f"{each.collection}: this version cannot read what Kwip {version}"
                f" writes, {who}: use a newer one"
            )
