"""The pages about the site: what it is, its rules, and its terms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, page
from kwip.schemas.markdown import page_html
from kwip.schemas.site import PAGE_TITLES

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.accounts.site import PageName


def about() -> Response:
    """Show what the site is about, and who to contact."""
    return _page("about")


def site_rules() -> Response:
    """Show the rules of the site."""
    settings = http.services().site.current()
    return page("site_page.html", title=str(PAGE_TITLES["rules"]), rules=settings.rules)


def privacy_policy() -> Response:
    """Show the privacy policy."""
    return _page("privacy")


def terms() -> Response:
    """Show the terms of service."""
    return _page("terms")


def _page(name: PageName) -> Response:
    settings = http.services().site.current()
    return page(
        "site_page.html",
        title=str(PAGE_TITLES[name]),
        text=page_html(getattr(settings, name)),
        contact=settings if name == "about" else None,
    )


#: From memory, so nothing is read that could charge it later.
_PAGE = replace(OPEN, asks_nothing=True)

ROUTES = (
    Route("GET", "/about", about, _PAGE),
    Route("GET", "/rules", site_rules, _PAGE),
    Route("GET", "/privacy", privacy_policy, _PAGE),
    Route("GET", "/terms", terms, _PAGE),
)
