"""The page that shows administrators how the site is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN_PART, own_user, page
from kwip.domain.errors import NotFoundError
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def status() -> Response:
    """Show the status of the site to its administrators; for others it is unknown."""
    if http.viewer() is None or not own_user().is_admin:
        raise NotFoundError(gettext("Page not found."))
    probes = {name: probe() for name, probe in http.site().probes.items()}
    return page("status.html", probes=probes, status=http.site().status())


ROUTES = (Route("GET", "/admin/status", status, OPEN_PART),)
