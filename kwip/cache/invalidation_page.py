"""Print the invalidation rules, for the page about the cache."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kwip.cache.invalidation_rules import WRITES, is_plural
from kwip.cache.keys import ARRIVAL_PACE_MS, COUNT_PACE_MS

if TYPE_CHECKING:
    from kwip.cache.invalidation_rules import Rule


def table() -> str:
    """Return the table in Markdown, for `docs/cache.md`; ids appear by name."""
    rows = [
        f"| {name} | {', '.join(_shown(rule))} | {rule.reason} |"
        for name, rule in WRITES.items()
    ]
    return "\n".join(["| write | invalidates | why |", "|---|---|---|", *rows]) + "\n"


def _shown(rule: Rule) -> list[str]:
    counted, arriving = f" within {COUNT_PACE_MS} ms", f" within {ARRIVAL_PACE_MS} ms"
    return [
        f"`{re.sub('{(.*?)}', _named, key)}`{when}{_condition(key)}"
        for keys, when in (
            (rule.now, ""),
            (rule.counts, counted),
            (rule.arrivals, arriving),
            (rule.listed_arrivals, f"{arriving} if it is listed"),
        )
        for key in keys.split()
    ]


def _named(braced: re.Match[str]) -> str:
    return f"<each of {braced[1]}>" if is_plural(braced[1]) else f"<{braced[1]}>"


def _condition(key: str) -> str:
    return " if there is one" if "{parent_id}" in key else ""
