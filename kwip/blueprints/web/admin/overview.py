"""The first page for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import page_policy
from kwip.blueprints.web.pages import page
from kwip.domain.roles import Permission

if TYPE_CHECKING:
    from flask import Response


def admin() -> Response:
    """List what the viewer may open."""
    return page("admin_overview.html")


ROUTES = (Route("GET", "/admin", admin, page_policy(Permission.SEE_DASHBOARD)),)
