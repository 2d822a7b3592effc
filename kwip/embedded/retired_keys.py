"""Secret keys that nothing is signed with any more: they decrypt what is stored.

A worker encrypts it again after its start, so they are forgotten after a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.embedded.home_folder import HomeFolder

_NAME = "retired"
_KEPT_FOR_S = 30 * 86_400


def retired_keys(home: HomeFolder) -> tuple[str, ...]:
    """Return the retired keys of an installation, the newest first."""
    path = home.root / "secrets" / _NAME
    try:
        return tuple(path.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return ()


def retire(home: HomeFolder, dropped: Sequence[str], now_s: float) -> None:
    """Keep dropped keys, and those that were dropped within 30 days before."""
    path = home.root / "secrets" / _NAME
    is_recent = path.exists() and now_s - path.stat().st_mtime < _KEPT_FOR_S
    before = retired_keys(home) if is_recent else ()
    if dropped:
        home.replace_secret(_NAME, "\n".join((*dropped, *before)))
