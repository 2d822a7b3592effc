"""The page that shows administrators how the site is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import page_policy
from kwip.blueprints.web.pages import page
from kwip.domain.accounts.roles import Permission

if TYPE_CHECKING:
    from flask import Response


def status() -> Response:
    """Show the status of the site to its administrators."""
    probes = {name: probe() for name, probe in http.site().probes.items()}
    return page("admin_status.html", probes=probes, status=http.site().status())


ROUTES = (Route("GET", "/admin/status", status, page_policy(Permission.SEE_STATUS)),)
