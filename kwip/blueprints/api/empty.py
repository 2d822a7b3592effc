"""What apps ask for and Kwip has none of yet: the right shape with nothing in it.

An app that is told "404" there often shows an error, or ends; an empty list it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route

if TYPE_CHECKING:
    from flask import Response

    from kwip.blueprints.table import Policy
    from kwip.domain.ids import UserId


def _none(path: str, name: str, says: str, policy: Policy) -> Route:
    """Make a route that answers with an empty list; below an account, if it is one."""

    def endpoint(user_id: UserId | None = None) -> Response:
        if user_id is not None:
            http.services().users.by_id(None, http.loader(), user_id)
        return http.answer([])

    endpoint.__name__, endpoint.__doc__ = name, f"{says}: there are none yet."
    return Route("GET", path, endpoint, policy)


_V1, _ACCOUNT = "/api/v1", "/api/v1/accounts/<id:user_id>"
_OWN, _OPEN, _ANYBODY = policies.READ, policies.OPEN_READ, policies.ANYBODY

ROUTES = tuple(
    _none(path, name, says, policy)
    for path, name, says, policy in (
        (f"{_ACCOUNT}/featured_tags", "account_tags", "Featured hashtags", _OPEN),
        (f"{_ACCOUNT}/endorsements", "account_endorsed", "Featured accounts", _OPEN),
        (f"{_V1}/announcements", "announcements", "News of the site", _OWN),
        (f"{_V1}/conversations", "conversations", "Private conversations", _OWN),
        (f"{_V1}/custom_emojis", "custom_emojis", "Pictures for texts", _ANYBODY),
        (f"{_V1}/domain_blocks", "domain_blocks", "Blocked servers", _OWN),
        (f"{_V1}/endorsements", "endorsements", "Accounts the viewer features", _OWN),
        (f"{_V1}/featured_tags", "featured_tags", "Tags the viewer features", _OWN),
        (f"{_V1}/filters", "filters_v1", "Filters, as older apps know them", _OWN),
        ("/api/v2/filters", "filters_v2", "Filters", _OWN),
        (f"{_V1}/follow_requests", "follow_requests", "Who asks to follow", _OWN),
        (f"{_V1}/instance/activity", "activity", "Figures of past weeks", _ANYBODY),
        (f"{_V1}/instance/domain_blocks", "blocked", "Refused servers", _ANYBODY),
        (f"{_V1}/instance/languages", "languages", "Languages of the site", _ANYBODY),
        (f"{_V1}/instance/peers", "peers", "Servers that Kwip knows", _ANYBODY),
        (f"{_V1}/instance/rules", "rules", "Rules of the site", _ANYBODY),
        (f"{_V1}/scheduled_statuses", "scheduled", "Posts for later", _OWN),
        (
            f"{_V1}/suggestions",
            "suggestions_v1",
            "Whom to follow, as before",
            _OWN,
        ),
        ("/api/v2/suggestions", "suggestions_v2", "Whom to follow", _OWN),
        (f"{_V1}/trends", "trends", "Hashtags of the day, for older apps", _ANYBODY),
        (f"{_V1}/trends/links", "trends_links", "Links of the day", _ANYBODY),
        (f"{_V1}/trends/statuses", "trends_posts", "Posts of the day", _ANYBODY),
        (f"{_V1}/trends/tags", "trends_tags", "Hashtags of the day", _ANYBODY),
    )
)
