"""Mastodon's admin API for figures, from what the pages for staff count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.accounts.roles import Permission
from kwip.schemas.moderation.admin_figures import (
    FiguresBody,
    cohorts,
    dimensions,
    measures,
)

if TYPE_CHECKING:
    from flask import Response


def admin_measures() -> Response:
    """Return what is counted by the day: people and reports."""
    asked = http.load_body(FiguresBody())
    found = http.services().app_figures.measures(asked.keys, asked.span)
    return http.answer(measures(found))


def admin_dimensions() -> Response:
    """Return the languages and the apps that public posts were made with most."""
    asked = http.load_body(FiguresBody())
    figures = http.services().app_figures
    found = figures.dimensions(asked.keys, asked.span, asked.limit)
    return http.answer(dimensions(found))


def admin_retention() -> Response:
    """Return who joined in each day or month and posted later."""
    asked = http.load_body(FiguresBody())
    if not asked.has_days:
        return http.answer([])
    figures = http.services().app_figures
    found = figures.retention(asked.span, is_monthly=asked.is_monthly)
    frequency = "month" if asked.is_monthly else "day"
    return http.answer(cohorts(found, frequency))


_FIGURES = replace(
    policies.write("api"), scope="admin:read", permission=Permission.SEE_DASHBOARD
)

ROUTES = (
    Route("POST", "/api/v1/admin/measures", admin_measures, _FIGURES),
    Route("POST", "/api/v1/admin/dimensions", admin_dimensions, _FIGURES),
    Route("POST", "/api/v1/admin/retention", admin_retention, _FIGURES),
)
