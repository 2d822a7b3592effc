"""What a check of the stored data finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem: which check found it, where it is, what is wrong, and what to do.

    `repair` says what `Repair` does about it; empty if it can do nothing.
    """

    check: str
    id: str
    problem: str
    remedy: str
    repair: str = ""


@dataclass(slots=True)
class Report:
    """What a run found, and how much it checked.

    It is incomplete if a check found so much that it stopped early.
    """

    findings: list[Finding] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    is_complete: bool = True
