"""The audit log in the browser: read, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import page_policy
from kwip.blueprints.web.pages import page
from kwip.domain.accounts.roles import Permission
from kwip.schemas.accounts.members import AuditLogQuery

if TYPE_CHECKING:
    from flask import Response


def audit_log() -> Response:
    """List what staff and operators did, the newest first."""
    asked = http.load_query(AuditLogQuery())
    entries = http.services().audit_log.page(asked)
    return page("admin_audit.html", entries=entries, asked=asked)


ROUTES = (
    Route("GET", "/admin/audit", audit_log, page_policy(Permission.SEE_AUDIT_LOG)),
)
