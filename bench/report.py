"""Write the results as Markdown tables, for `docs/performance.md`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench.rows import RESULTS, cells, kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.rows import Row

#: The part of the bench itself, which a site does not have.
CLIENT = "load generator"
#: What must not happen to a post, whatever fails.
_WRONG = ("lost", "doubled", "missing", "seen")
_COLUMNS = (
    *("fault", "acknowledged", *_WRONG, "failed reads", "failed writes"),
    *("5xx", "stall", "cached", "proof of the fault"),
)


def results() -> str:
    """List every row with its figure, spread, goal and verdict."""
    lines = [
        "| row | what | beside | Kwip | reference | figure | spread | goal | verdict |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row, _ in kept():
        name, *shown = cells(row)
        reference = row.reference or "-"
        lines.append(f"| `{name}` | {row.what} | {reference} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def settings() -> str:
    """List how each row was measured, and when."""
    lines = ["| row | measured | how |", "|---|---|---|"]
    for row, day in kept():
        how = [f"{name}: {value}" for name, value in row.setting.items()]
        how += [f"{name}: {value:.3g}" for name, value in row.notes.items()]
        how.append(f"rounds: {len(row.ours)}")
        lines.append(f"| `{row.name}` | {day} | {', '.join(how)} |")
    return "\n".join(lines) + "\n"


def cluster_faults() -> str:
    """List what people noticed while servers of a cluster failed."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    report = json.loads((RESULTS / "cluster_faults.json").read_text(encoding="utf-8"))
    for row in report["rows"]:
        without = "" if row["without"] == "nothing" else f", without {row['without']}"
        seen = row["during"]
        reads = [each for kind, each in seen.items() if _is_read(kind)]
        writes = [each for kind, each in seen.items() if not _is_read(kind)]
        visitor, reader = (seen[f"{kind}, unchanged"] for kind in ("public", "home"))
        shown = [
            row["fault"] + without,
            f"{row['acknowledged']:,}",
            *(f"{row['wrong'].get(name, 0):,}" for name in _WRONG),
            _share(reads),
            _share(writes),
            f"{sum(each['5xx'] for each in seen.values()):,}",
            f"{seen['post']['stall_s']} s",
            f"{visitor['longest_s']} s, {reader['longest_s']} s",
            ", ".join(f"{name}: {count:,}" for name, count in row["proof"].items()),
        ]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def cluster_parts() -> str:
    """List which share of the CPU each part uses, on one machine and in clusters."""
    rows = [row for row, _ in kept() if row.name.startswith("cluster_mix_")]
    if not rows:
        return "Not measured yet: `make bench ROW=cluster-mix`.\n"
    costs = {row.name: cpu_ms(row) for row in sorted(rows, key=_single_first)}
    columns = ["part", *(f"`{name}`" for name in costs)]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    parts = sorted({part for cost in costs.values() for part in cost})
    for part in parts:
        cells_ = [_of_all(part, cost) for cost in costs.values()]
        lines.append(f"| {part} | {' | '.join(cells_)} |")
    sums = [f"{sum(cost.values()):.2f} ms" for cost in costs.values()]
    lines.append(f"| all, for a request | {' | '.join(sums)} |")
    return "\n".join(lines) + "\n"


def cpu_ms(row: Row) -> dict[str, float]:
    """Return the CPU milliseconds of each part for one request of a mix."""
    return {
        name.removesuffix(" ms"): value
        for name, value in row.notes.items()
        if name.endswith(" ms")
    }


def _single_first(row: Row) -> tuple[bool, str]:
    return not row.name.endswith("single"), row.name


def _of_all(part: str, cost: Mapping[str, float]) -> str:
    if part not in cost:
        return "-"
    return f"{cost[part]:.2f} ms, {100 * cost[part] / sum(cost.values()):.0f} %"


def _is_read(kind: str) -> bool:
    return kind.startswith(("public", "home"))


def _share(counted: Sequence[Mapping[str, int]]) -> str:
    failed = sum(each["failed"] for each in counted)
    return f"{failed:,} of {sum(each['requests'] for each in counted):,}"


def faults() -> str:
    """List what a site did while its cache failed, fault by fault."""
    lines = [
        "| fault | writes | reads | checks | violations | proof of the fault |",
        "|---|---|---|---|---|---|",
    ]
    report = json.loads((RESULTS / "faults.json").read_text(encoding="utf-8"))
    for row in report["rows"]:
        what = row["fault"]
        if row["without"] != "nothing":
            what += f", without {row['without']}"
        proof = ", ".join(f"{name}: {count:,}" for name, count in row["proof"].items())
        figures = [row[name] for name in ("writes", "reads", "checks")]
        figures.append(sum(row["violations"].values()))
        shown = " | ".join(f"{each:,}" for each in figures)
        lines.append(f"| {what} | {shown} | {proof} |")
    return "\n".join(lines) + "\n"
