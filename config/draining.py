"""Whether this machine wants no more requests: a file that all its processes see."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def draining_mark(home: Path) -> Path:
    """Return the file that is there while `/readyz` must say `draining`."""
    return home / "run" / "draining"
