"""The table of routes: every address, who may use it, and how.

Each area's rows are next to its endpoints; here they become one table. The app does not
start if a route is missing from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint
from werkzeug.routing import BaseConverter, ValidationError

from kwip.blueprints import api, files, health, live, web, widgets
from kwip.blueprints.table import Policy, Route
from kwip.domain.ids import parse_id
from kwip.schemas.timelines.feed_formats import FORMATS

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
#: What a live process serves; its other addresses are unknown.
LIVE_AREAS = ("health", "live")
#: Flask's own route to the files below `kwip/static`.
STATIC = Policy(auth="none", scope=None, quota="none", cache="static", csrf="none")

POLICIES: dict[str, Policy] = {
    f"{area}.{route.endpoint.__name__}": route.policy
    for area, routes in AREAS.items()
    for route in routes
} | {"static": STATIC}


class UndeclaredRouteError(Exception):
    """A route has no row in the table; says which."""


class IdConverter(BaseConverter):
    """A path's `<id:post_id>`: an int from 0 to 2^63-1; other paths are unknown."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """Parse the id."""
        parsed = parse_id(value)
        if parsed is None:
            raise ValidationError
        return parsed


class NameConverter(BaseConverter):
    """A path's `<name:username>`, in any letter case."""

    regex = r"[A-Za-z0-9_]{1,30}"

    def to_python(self, value: str) -> str:
        """Fold the name to the form in which names are unique."""
        return value.lower()


class YearConverter(BaseConverter):
    """A path's `<year:year>`, four digits: no id of a post is that low."""

    regex = r"[12][0-9]{3}"
    #: Before `<id:post_id>`.
    weight = 50

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)


class PartConverter(BaseConverter):
    """A path's `<part:month>` or `<part:day>`: 01 to 31."""

    regex = r"0[1-9]|[12][0-9]|3[01]"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Write the number with two digits."""
        return f"{value:02}"


class FeedConverter(BaseConverter):
    """The ending of a feed's address: one of the formats."""

    regex = "|".join(FORMATS)


def register(app: Flask, *, is_live: bool = False) -> None:
    """Register every route of the table, or those of a live process."""
    app.url_map.converters["id"] = IdConverter
    app.url_map.converters["name"] = NameConverter
    app.url_map.converters["year"] = YearConverter
    app.url_map.converters["part"] = PartConverter
    app.url_map.converters["feed"] = FeedConverter
    # An extra or a missing slash is never answered with a redirect.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for area in LIVE_AREAS if is_live else AREAS:
        blueprint = Blueprint(area, __name__)
        for route in AREAS[area]:
            blueprint.add_url_rule(
                route.rule,
                endpoint=route.endpoint.__name__,
                view_func=route.endpoint,
                methods=[route.method],
            )
        app.register_blueprint(blueprint)


def check(app: Flask) -> None:
    """Compare the app's routes with the table.

    Raises:
        UndeclaredRouteError: A route has no row.
    """
    undeclared = {r.endpoint for r in app.url_map.iter_rules()} - POLICIES.keys()
    if undeclared:
        raise UndeclaredRouteError(f"no row in the table: {sorted(undeclared)}")
