"""The outcome of a command, as JSON or for a person to read."""

from __future__ import annotations

from dataclasses import dataclass

import click

from kwip.cli import FOUND, print_json

#: How many differences are printed for a person; `--json` has all of them.
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job has done, as JSON and in words; exit code 1 if `is_found`."""

    row: dict[str, object]
    lines: list[str]
    is_found: bool


def first(lines: list[str]) -> list[str]:
    """Return as many differences as are printed for a person."""
    rest = len(lines) - _SHOWN
    more = [f"… and {rest} more; use --json to list all"] if rest > 0 else []
    return lines[:_SHOWN] + more


def show(outcome: Outcome, *, as_json: bool) -> int:
    """Print an outcome; return the exit code."""
    if as_json:
        print_json(outcome.row)
    else:
        click.echo("\n".join(outcome.lines))
    return FOUND if outcome.is_found else 0
