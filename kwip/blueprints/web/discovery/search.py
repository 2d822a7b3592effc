"""Search, as a page with a tab for each kind of result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, Form, page
from kwip.domain.errors import InvalidError
from kwip.domain.timelines.pages import Page
from kwip.schemas.discovery.search import SearchPageQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from kwip.domain.timelines.search import Mistake, SearchRequest

_BAD_REQUEST = 400


def search() -> Response:
    """Search for what the form says, or explain how to search."""
    asked = http.load_query(SearchPageQuery(http.site().urls))
    form = Form({"q": asked.text})
    found: Page[object] = Page(items=())
    mistakes: Sequence[Mistake] = ()
    people = 0
    try:
        found, mistakes = _found(asked)
        people = _count_people(asked)
    except InvalidError as error:
        form = Form({"q": asked.text}, error.fields)
    shown = {"asked": asked, "page": found, "mistakes": mistakes, "people": people}
    answer = page("search.html", form=form, **shown)
    if form.wrong:
        answer.status_code = _BAD_REQUEST
    return answer


def _found(asked: SearchRequest) -> tuple[Page[object], Sequence[Mistake]]:
    if not asked.text:
        return Page(items=()), ()
    service, viewer, loader = http.services().search, http.viewer(), http.loader()
    if asked.kind == "accounts":
        return Page(items=tuple(service.people(viewer, loader, asked))), ()
    if asked.kind == "hashtags":
        return Page(items=tuple(service.tags(viewer, loader, asked))), ()
    found, mistakes = service.page(viewer, loader, asked)
    shown: Page[object] = Page(
        items=found.items,
        next_max_id=found.next_max_id,
        prev_min_id=found.prev_min_id,
    )
    return shown, mistakes


def _count_people(asked: SearchRequest) -> int:
    """Count the people whom the first page of a search for kwips may be for."""
    page = asked.page
    is_first = page.max_id is None and page.min_id is None
    if asked.kind != "statuses" or not asked.text or not is_first:
        return 0
    among = replace(asked, kind="accounts")
    found = http.services().search.people(http.viewer(), http.loader(), among)
    return len(found)


ROUTES = (Route("GET", "/search", search, OPEN),)
