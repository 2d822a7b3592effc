"""A row of the bench: what was measured against what, and whether it is good enough.

Each row measures Kwip and its reference in alternating rounds of one run, so that other
load on the machine affects both. Its figure is the median of the rounds.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Goal:
    """What the figure must be."""

    kind: Literal["at least", "at most"]
    value: float

    def is_met(self, figure: float) -> bool:
        """Return whether a figure is good enough."""
        return figure >= self.value if self.kind == "at least" else figure <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.kind == 'at least' else '≤'} {_short(self.value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The measurements of one row.

    Attributes:
        name: As in `make bench ROW=…`, or a part of that.
        what: What Kwip did.
        reference: What it was compared with; "" if nothing.
        unit: Of the two lists.
        ours: Kwip, round by round.
        theirs: The reference, round by round; empty if there is none.
        goal: What the figure must be; None if it is only reported.
        setting: How it was measured: worker class, workers, body size, clients, …
        notes: What else was observed.
    """

    name: str
    what: str
    reference: str
    unit: str
    ours: list[float]
    theirs: list[float]
    goal: Goal | None
    setting: Mapping[str, str | int | float] = field(default_factory=dict)
    notes: Mapping[str, float] = field(default_factory=dict)

    @property
    def figures(self) -> list[float]:
        """Kwip divided by the reference, by round; only Kwip if there is none."""
        if not self.theirs:
            return self.ours
        pairs = zip(self.ours, self.theirs, strict=True)
        return [ours / theirs for ours, theirs in pairs]

    @property
    def figure(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.figures)

    @property
    def verdict(self) -> str:
        """Say in a word whether the goal is met."""
        if self.goal is None:
            return "reported"
        return "met" if self.goal.is_met(self.figure) else "missed"


def rounds(
    number: int, ours: Callable[[], float], theirs: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Measure both sides in turn, alternating which one begins."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(number):
        sides = [(found[0], ours), (found[1], theirs)]
        for figures, measure in sides if turn % 2 == 0 else reversed(sides):
            figures.append(measure())
    return found


def save(row: Row) -> None:
    """Save a row in `bench/results/`."""
    RESULTS.mkdir(exist_ok=True)
    now = dt.datetime.now(dt.UTC)  # noqa: TID251 -- a report, not a rule
    report = {
        "measured_at": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        **asdict(row),
        "figure": row.figure,
        "spread": [min(row.figures), max(row.figures)],
        "verdict": row.verdict,
    }
    text = json.dumps(report, indent=2, ensure_ascii=False)
    (RESULTS / f"{row.name}.json").write_text(text + "\n", encoding="utf-8")


def kept() -> Iterator[tuple[Row, str]]:
    """Read the rows of `bench/results/`, each with the day it was measured."""
    for path in sorted(RESULTS.glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        if "goal" not in report:  # another kind of report
            continue
        goal = report["goal"]
        names = Row.__dataclass_fields__
        fields = {name: report[name] for name in names if name != "goal"}
        row = Row(goal=None if goal is None else Goal(**goal), **fields)
        yield row, report["measured_at"][:10]


def table(rows: Iterable[Row]) -> str:
    """Format one line per row, for a terminal."""
    head = ("row", "Kwip", "reference", "figure", "spread", "goal", "verdict")
    lines = [head, *(cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def cells(row: Row) -> tuple[str, ...]:
    """Return a row's cells in the table."""
    ours, theirs = (
        _amount(statistics.median(side), row.unit) if side else "-"
        for side in (row.ours, row.theirs)
    )
    low, high = min(row.figures), max(row.figures)
    return (
        row.name,
        ours,
        theirs,
        _short(row.figure),
        f"{_short(low)} to {_short(high)}",
        "-" if row.goal is None else str(row.goal),
        row.verdict,
    )


def _amount(value: float, unit: str) -> str:
    if unit == "s" and value < 1:
        value, unit = value * 1_000, "ms"
    return f"{_short(value)} {unit}"


def _short(value: float) -> str:
    """Format a number with three significant digits."""
    if abs(value) >= 100:  # noqa: PLR2004 -- three digits
        return f"{value:,.0f}"
    return f"{value:.3g}"
