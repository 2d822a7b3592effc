"""Write the results as Markdown tables, for `docs/performance.md`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.rows import RESULTS, cells, kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.rows import Row

#: The part of the bench itself, which a site does not have.
CLIENT = "load generator"
#: What must not happen to a post, whatever fails.
_HARM = ("lost", "doubled", "missing")
_COLUMNS = (
    *("fault", "acknowledged", *_HARM, "seen", "failed reads", "failed writes"),
    *("5xx", "stall", "cached", "proof of the fault"),
)
_RESOURCES = (
    *("fault", "what must hold", "holds", "acknowledged", ", ".join(_HARM)),
    *("failed reads", "failed writes", "stall", "figures", "proof of the fault"),
)
#: What `faults` also does to the cache, with many more reads.
_SAME_FAULTS = {
    "FLUSHALL of the cache": "flushall",
    "kill -9 of the cache": "kill",
    "SIGSTOP of the cache": "stop",
    "no memory for the cache": "evict",
}


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
    for row in _rows("cluster_faults"):
        without = "" if row["without"] == "nothing" else f", without {row['without']}"
        seen = row["during"]
        reads = [each for kind, each in seen.items() if _is_read(kind)]
        writes = [each for kind, each in seen.items() if not _is_read(kind)]
        visitor, reader = (seen[f"{kind}, unchanged"] for kind in ("public", "home"))
        shown = [
            row["fault"] + without,
            f"{row['acknowledged']:,}",
            *(f"{row['wrong'].get(name, 0):,}" for name in (*_HARM, "seen")),
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


def resource_faults() -> str:
    """List what a site did while a resource was missing, and what had to hold."""
    lines = [f"| {' | '.join(_RESOURCES)} |", "|---" * len(_RESOURCES) + "|"]
    checked = {row["fault"]: row for row in _rows("faults")}
    for row in _rows("resource_faults"):
        figures = dict(row["figures"])
        if name := _SAME_FAULTS.get(row["fault"]):
            figures["checks of what was read"] = checked[name]["checks"]
            figures["violations"] = sum(checked[name]["violations"].values())
        shown = [
            row["fault"],
            row["expected"].rstrip("."),
            "no: " + "; ".join(row["wrong"]) if row["wrong"] else "yes",
            *_noticed(figures),
            _pairs(figures),
            _pairs(row["proof"] | row["control"]),
        ]
        texts = [each.replace("|", "\\|").replace("\n", " ") for each in shown]
        lines.append(f"| {' | '.join(texts)} |")
    return "\n".join(lines) + "\n"


def _noticed(figures: dict[str, Any]) -> list[str]:
    """Take out what people who wrote and read noticed, if there were any."""
    if "acknowledged" not in figures:
        return ["-"] * 5
    wrong = ", ".join(str(figures.pop(name)) for name in _HARM)
    return [
        f"{figures.pop('acknowledged'):,}",
        wrong,
        figures.pop("failed reads"),
        figures.pop("failed writes"),
        f"{figures.pop('longest stall s')} s",
    ]


def _rows(name: str) -> list[Any]:
    file = RESULTS / f"{name}.json"
    report: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    rows: list[Any] = report["rows"]
    return rows


def _pairs(told: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {_number(value)}" for name, value in told.items())


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


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
    for row in _rows("faults"):
        what = row["fault"]
        if row["without"] != "nothing":
            what += f", without {row['without']}"
        proof = ", ".join(f"{name}: {count:,}" for name, count in row["proof"].items())
        figures = [row[name] for name in ("writes", "reads", "checks")]
        figures.append(sum(row["violations"].values()))
        shown = " | ".join(f"{each:,}" for each in figures)
        lines.append(f"| {what} | {shown} | {proof} |")
    return "\n".join(lines) + "\n"
