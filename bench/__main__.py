"""Measure each row against its reference, in alternating rounds of one run.

`make bench` runs all rows, prints one table and draws the charts; `make bench ROW=home`
runs one. Each figure is saved in `bench/results/`. Rows that need a network of real
size take it from the environment (`bench.worlds`), and say so if there is none.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench import (
    arrival,
    clustered,
    contention,
    day,
    deliveries,
    hits,
    importing,
    living,
    reads,
    requests,
    searching,
)
from bench.rows import Row, save, table
from bench.worlds import NoNetworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: Each row, or the module that measures several rows together.
ROWS: Mapping[str, Callable[[], Iterable[Row]]] = {
    "home": requests.home,
    "new_post": requests.new_post,
    "html": requests.html,
    "embed": requests.embed,
    "widget": requests.widget,
    "feed": requests.feed,
    "thread": requests.thread,
    "cold": reads.cold,
    "size": reads.size,
    "follows": reads.follows,
    "deep": reads.deep,
    "fanout": deliveries.fanout,
    "burst": deliveries.burst,
    "oplog": deliveries.oplog,
    "arrival": arrival.arrival,
    "public": contention.contention,
    "hits": hits.hits,
    "search": searching.search,
    "mix": living.mix,
    "idle": living.idle,
    "cluster-mix": clustered.mix,
    "cluster-throughput": clustered.throughput,
    "cluster-overload": clustered.overload,
    "import": importing.importing,
    "day": day.day,
}


def main(wanted: str | None) -> int:
    """Measure, save and print; 1 if the wanted row is unknown or cannot be measured."""
    if wanted is not None and wanted not in ROWS:
        print(f"no row {wanted!r}: there are {', '.join(ROWS)}", file=sys.stderr)
        return 1
    measured, left_out = [], []
    for name, measure in ROWS.items():
        if wanted not in {None, name}:
            continue
        print(f"measuring {name}", file=sys.stderr)
        try:
            for row in measure():
                save(row)
                measured.append(row)
        except NoNetworkError as error:
            left_out.append(f"{name} was not measured: {error}")
    print(table(measured))
    print("\n".join(left_out), file=sys.stderr)
    return 1 if wanted is not None and left_out else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
