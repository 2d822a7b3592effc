"""The table of routes: every address, who may use it, and how.

Each area's rows are next to its endpoints; here they become one table. The app does not
start if a route is missing from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import api, files, health, live, registration, web, widgets
from kwip.blueprints.table import Policy, Route

if TYPE_CHECKING:
    from flask import Flask

AREAS: dict[str, tuple[Route, ...]] = {
    "health": health.ROUTES,
    "files": files.ROUTES,
    "widgets": widgets.ROUTES,
    "api": api.ROUTES,
    "web": web.ROUTES,
    "live": live.ROUTES,
}
#: Flask's own route to the files below `kwip/static`.
STATIC = Policy(auth="none", scope=None, quota="none", cache="static", csrf="none")

POLICIES: dict[str, Policy] = {
    **registration.policies_of(AREAS),
    "static": STATIC,
}


class UndeclaredRouteError(Exception):
    """A route has no row in the table; says which."""


def register(app: Flask) -> None:
    """Register every route of the table."""
    registration.register(app, AREAS)


def check(app: Flask) -> None:
    """Compare the app's routes with the table.

    Raises:
        UndeclaredRouteError: A route has no row.
    """
    undeclared = {r.endpoint for r in app.url_map.iter_rules()} - POLICIES.keys()
    if undeclared:
        raise UndeclaredRouteError(f"no row in the table: {sorted(undeclared)}")
