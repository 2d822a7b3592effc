"""Features that apps ask for and Kwip does not have yet: always an empty list.

With a 404, many apps show an error or crash; they can handle an empty list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route

if TYPE_CHECKING:
    from flask import Response

    from kwip.blueprints.table import Policy


def _none(path: str, name: str, says: str, policy: Policy) -> Route:
    """Make a route that returns an empty list."""

    def endpoint() -> Response:
        return http.answer([])

    endpoint.__name__, endpoint.__doc__ = name, f"{says}: always empty for now."
    return Route("GET", path, endpoint, policy)


_V1 = "/api/v1"
_OWN, _OPEN, _ANYBODY = policies.READ, policies.OPEN_READ, policies.ANYBODY

ROUTES = tuple(
    _none(path, name, says, policy)
    for path, name, says, policy in (
        (f"{_V1}/conversations", "conversations", "Private conversations", _OWN),
        (f"{_V1}/domain_blocks", "domain_blocks", "Blocked servers", _OWN),
        (f"{_V1}/instance/activity", "activity", "Activity of past weeks", _ANYBODY),
        (
            f"{_V1}/instance/domain_blocks",
            "blocked",
            "Servers that the site blocks",
            _ANYBODY,
        ),
        (f"{_V1}/instance/languages", "languages", "Languages of the site", _ANYBODY),
        (f"{_V1}/instance/peers", "peers", "Servers that Kwip knows", _ANYBODY),
    )
)
