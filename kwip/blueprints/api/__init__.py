"""The Mastodon client API: the one JSON API, for apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.blueprints.table import Route

ROUTES: tuple[Route, ...] = ()
