"""Reports: tell the moderators about an account and its statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.moderation.reports import ReportBody, ReportSchema

if TYPE_CHECKING:
    from flask import Response


def create_report() -> Response:
    """Report an account; the same again adds to the open report."""
    asked = http.load_body(ReportBody())
    view = http.services().reports.create(http.signed_in(), asked)
    return http.answer_dumped(ReportSchema, view)


ROUTES = (Route("POST", "/api/v1/reports", create_report, policies.write("reports")),)
