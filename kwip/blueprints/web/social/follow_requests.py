"""Requests to follow the viewer, as a page with two buttons for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, form_policy, go, page, way_back
from kwip.domain.errors import NotFoundError
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Relationship


def follow_requests() -> Response:
    """List who asks to follow the viewer."""
    found = http.services().people.requesting(
        http.signed_in(), http.loader(), http.page_request()
    )
    return page("follow_requests.html", page=found)


def accept_request(username: str) -> Response:
    """Let a user follow the viewer."""
    says = gettext("@%(username)s follows you now.", username=username)
    return _answer(username, http.services().follow_requests.accept, says)


def reject_request(username: str) -> Response:
    """Refuse a user's request to follow the viewer."""
    says = gettext("Request from @%(username)s rejected.", username=username)
    return _answer(username, http.services().follow_requests.reject, says)


def _answer(
    username: str, act: Callable[[Viewer, UserId], Relationship], says: str
) -> Response:
    back = way_back(url_for("web.follow_requests"))
    user_id = http.services().users.id_of(http.loader(), username)
    try:
        act(http.signed_in(), user_id)
    except NotFoundError as error:
        return go(back, error.message)
    return go(back, says)


#: Answers count as pages, not as follows: a popular account has many requests.
_FORM = form_policy("pages")

ROUTES = (
    Route("GET", "/follow-requests", follow_requests, OWN),
    Route("POST", "/@<name:username>/accept", accept_request, _FORM),
    Route("POST", "/@<name:username>/reject", reject_request, _FORM),
)
