"""Public JSON for sites that embed timelines: no token, no cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.blueprints.table import Route

ROUTES: tuple[Route, ...] = ()
