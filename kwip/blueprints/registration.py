"""Give an app the routes of a table of them, with the kinds of values in addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint
from werkzeug.routing import BaseConverter, ValidationError

from kwip.domain.ids import parse_id
from kwip.schemas.timelines.feed_formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from kwip.blueprints.table import Policy, Route

    #: The rows of each area, by its name.
    Areas = Mapping[str, tuple[Route, ...]]


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


def policies_of(areas: Areas) -> dict[str, Policy]:
    """Return the policy of each endpoint, by Flask's name of it."""
    return {
        f"{area}.{route.endpoint.__name__}": route.policy
        for area, routes in areas.items()
        for route in routes
    }


def register(app: Flask, areas: Areas) -> None:
    """Register every route of some areas."""
    app.url_map.converters["id"] = IdConverter
    app.url_map.converters["name"] = NameConverter
    app.url_map.converters["year"] = YearConverter
    app.url_map.converters["part"] = PartConverter
    app.url_map.converters["feed"] = FeedConverter
    # An extra or a missing slash is never answered with a redirect.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for area, routes in areas.items():
        blueprint = Blueprint(area, __name__)
        for route in routes:
            blueprint.add_url_rule(
                route.rule,
                endpoint=route.endpoint.__name__,
                view_func=route.endpoint,
                methods=[route.method],
            )
        app.register_blueprint(blueprint)
