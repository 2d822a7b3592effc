"""The people whom somebody features on their profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, form_policy, go, page, way_back
from kwip.domain.timelines.pages import Page
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId


def featured_people(username: str) -> Response:
    """List the people whom somebody features."""
    user, found = http.services().endorsements.of(
        http.viewer(), http.loader(), _id_of(username)
    )
    return page("featured_people.html", user=user, page=Page(items=tuple(found)))


def endorse(username: str) -> Response:
    """Feature somebody on the viewer's profile."""
    back = way_back(url_for("web.profile", username=username))
    http.services().endorsements.endorse(http.signed_in(), _id_of(username))
    says = gettext("@%(username)s is on your profile now.", username=username)
    return go(back, says)


def unendorse(username: str) -> Response:
    """Feature somebody no more."""
    back = way_back(url_for("web.profile", username=username))
    http.services().endorsements.unendorse(http.signed_in(), _id_of(username))
    says = gettext("@%(username)s is no longer on your profile.", username=username)
    return go(back, says)


def _id_of(username: str) -> UserId:
    return http.services().users.id_of(http.loader(), username)


_USER = "/@<name:username>"

ROUTES = (
    Route("GET", f"{_USER}/featured", featured_people, OPEN),
    Route("POST", f"{_USER}/endorse", endorse, form_policy("pages")),
    Route("POST", f"{_USER}/unendorse", unendorse, form_policy("pages")),
)
