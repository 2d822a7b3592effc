"""Write the results as tables in Markdown, for `docs/performance.md`."""

from __future__ import annotations

from bench.rows import cells, kept


def results() -> str:
    """List every row with its figure, its spread, its goal and the verdict."""
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
