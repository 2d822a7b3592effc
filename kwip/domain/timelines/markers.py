"""Markers: how far a user has read a timeline, on all devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt

Marked = Literal["home", "notifications"]
#: What has a marker.
MARKED: tuple[Marked, ...] = ("home", "notifications")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """How far one timeline was read; `version` counts the changes."""

    last_read_id: int
    version: int
    updated_at: dt.datetime
