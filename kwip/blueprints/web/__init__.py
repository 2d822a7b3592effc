"""The pages that people read and write on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.blueprints.table import Route

ROUTES: tuple[Route, ...] = ()
