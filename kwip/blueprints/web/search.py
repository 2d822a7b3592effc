"""Search, as a page with a tab for each kind of result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, Form, page
from kwip.domain.errors import InvalidError
from kwip.domain.timelines.pages import Page
from kwip.schemas.search import SearchPageQuery

if TYPE_CHECKING:
    from flask import Response


def search() -> Response:
    """Search for what the form says, or explain how to search."""
    asked = http.load_query(SearchPageQuery())
    form, found = Form({"q": asked.text}), None
    try:
        if asked.text:
            found = http.services().search.page(http.viewer(), http.loader(), asked)
    except InvalidError as error:
        form, found = Form({"q": asked.text}, error.fields), Page(items=())
    kept = {"q": asked.text, "type": "" if asked.kind == "statuses" else asked.kind}
    answer = page("search.html", asked=asked, form=form, page=found, kept=kept)
    answer.status_code = 400 if form.wrong else 200
    return answer


ROUTES = (Route("GET", "/search", search, OPEN),)
