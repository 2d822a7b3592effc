"""Suggestions while somebody writes: people, hashtags and custom emoji."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN_PART, page
from kwip.schemas.discovery.search import SuggestionsQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from kwip.domain.timelines.search import SearchRequest


def suggestions() -> Response:
    """Suggest names that begin with a text, of one kind."""
    asked = http.load_query(SuggestionsQuery(http.site().urls))
    return page("suggestions.html", kind=asked.kind, found=_found(asked))


def _found(asked: SearchRequest) -> Sequence[object]:
    if asked.kind == "emojis":
        known = http.services().emojis.current()
        return known.starting_with(asked.text, asked.page.limit)
    service, viewer, loader = http.services().search, http.signed_in(), http.loader()
    find = service.people if asked.kind == "accounts" else service.tags
    return find(viewer, loader, asked)


ROUTES = (Route("GET", "/suggestions", suggestions, OWN_PART),)
