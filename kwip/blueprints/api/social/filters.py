"""Filters of both versions: those of the first are keywords, each with its filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.social.keyword_filters import (
    KeywordChange,
    require_filter,
    require_filtered_post,
    require_keyword,
)
from kwip.schemas.filters import (
    FilterBody,
    FilteredPostBody,
    FilteredPostSchema,
    FilterSchema,
    KeywordBody,
    KeywordSchema,
    PhraseBody,
    PhraseFilter,
    PhraseFilterSchema,
)

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.social.keyword_filters import FilterSet


def filters() -> Response:
    """Return the viewer's filters."""
    return http.answer_list(FilterSchema, _own())


def create_filter() -> Response:
    """Create a filter, with keywords."""
    change = http.load_body(FilterBody())
    made = http.services().filters.create(http.signed_in(), change)
    return http.answer_dumped(FilterSchema, made)


def show_filter(filter_id: int) -> Response:
    """Return one of the viewer's filters."""
    return http.answer_dumped(FilterSchema, require_filter(_own(), filter_id))


def change_filter(filter_id: int) -> Response:
    """Update a filter and its keywords."""
    change = http.load_body(FilterBody())
    changed = http.services().filters.change(http.signed_in(), filter_id, change)
    return http.answer_dumped(FilterSchema, changed)


def delete_filter(filter_id: int) -> Response:
    """Delete a filter."""
    http.services().filters.delete(http.signed_in(), filter_id)
    return http.answer({})


def filter_keywords(filter_id: int) -> Response:
    """Return the keywords of a filter."""
    return http.answer_list(KeywordSchema, require_filter(_own(), filter_id).keywords)


def add_filter_keyword(filter_id: int) -> Response:
    """Add a keyword to a filter."""
    change = http.load_body(KeywordBody())
    added = http.services().filters.add_keyword(http.signed_in(), filter_id, change)
    return http.answer_dumped(KeywordSchema, added)


def show_filter_keyword(keyword_id: int) -> Response:
    """Return a keyword."""
    return http.answer_dumped(KeywordSchema, require_keyword(_own(), keyword_id)[1])


def change_filter_keyword(keyword_id: int) -> Response:
    """Update a keyword."""
    change = http.load_body(KeywordBody(keyword_id))
    _, keyword = http.services().filters.change_keyword(http.signed_in(), change)
    return http.answer_dumped(KeywordSchema, keyword)


def delete_filter_keyword(keyword_id: int) -> Response:
    """Remove a keyword from its filter."""
    change = KeywordChange(id=keyword_id, is_removed=True)
    http.services().filters.change_keyword(http.signed_in(), change)
    return http.answer({})


def filter_statuses(filter_id: int) -> Response:
    """Return the statuses of a filter."""
    return http.answer_list(FilteredPostSchema, require_filter(_own(), filter_id).posts)


def add_filter_status(filter_id: int) -> Response:
    """Add a status to a filter."""
    post_id = http.load_body(FilteredPostBody())
    found = http.services().filters.add_post(http.signed_in(), filter_id, post_id)
    return http.answer_dumped(FilteredPostSchema, found.posts[-1])


def show_filter_status(filtered_id: int) -> Response:
    """Return a status of a filter."""
    found = require_filtered_post(_own(), filtered_id)[1]
    return http.answer_dumped(FilteredPostSchema, found)


def delete_filter_status(filtered_id: int) -> Response:
    """Remove a status from its filter."""
    http.services().filters.remove_post(http.signed_in(), filtered_id)
    return http.answer({})


def phrase_filters() -> Response:
    """Return each keyword of the viewer's filters, as a filter of its own."""
    found = [PhraseFilter(each, k) for each in _own() for k in each.keywords]
    return http.answer_list(PhraseFilterSchema, found)


def create_phrase_filter() -> Response:
    """Create a filter with one keyword."""
    _, change = http.load_body(PhraseBody())
    made = http.services().filters.create(http.signed_in(), change)
    return http.answer_dumped(PhraseFilterSchema, PhraseFilter(made, made.keywords[0]))


def show_phrase_filter(keyword_id: int) -> Response:
    """Return a keyword with its filter."""
    found = PhraseFilter(*require_keyword(_own(), keyword_id))
    return http.answer_dumped(PhraseFilterSchema, found)


def change_phrase_filter(keyword_id: int) -> Response:
    """Update a keyword; and its filter, unless it has other keywords."""
    change, others = http.load_body(PhraseBody(keyword_id))
    changed, _ = http.services().filters.change_keyword(
        http.signed_in(), change, others
    )
    found = PhraseFilter(*require_keyword((changed,), keyword_id))
    return http.answer_dumped(PhraseFilterSchema, found)


def delete_phrase_filter(keyword_id: int) -> Response:
    """Remove a keyword, and its filter if nothing is left in it."""
    http.services().filters.remove_with_keyword(http.signed_in(), keyword_id)
    return http.answer({})


def _own() -> FilterSet:
    return http.services().filters.overview(http.signed_in(), http.loader())


_ALL, _V1 = "/api/v2/filters", "/api/v1/filters"
_FILTER, _PHRASE = f"{_ALL}/<id:filter_id>", f"{_V1}/<id:keyword_id>"
_KEYWORD = f"{_ALL}/keywords/<id:keyword_id>"
_STATUS = f"{_ALL}/statuses/<id:filtered_id>"
_READ, _WRITE = policies.READ, policies.write("api")

ROUTES = (
    Route("GET", _ALL, filters, _READ),
    Route("POST", _ALL, create_filter, _WRITE),
    Route("GET", _FILTER, show_filter, _READ),
    Route("PUT", _FILTER, change_filter, _WRITE),
    Route("DELETE", _FILTER, delete_filter, _WRITE),
    Route("GET", f"{_FILTER}/keywords", filter_keywords, _READ),
    Route("POST", f"{_FILTER}/keywords", add_filter_keyword, _WRITE),
    Route("GET", _KEYWORD, show_filter_keyword, _READ),
    Route("PUT", _KEYWORD, change_filter_keyword, _WRITE),
    Route("DELETE", _KEYWORD, delete_filter_keyword, _WRITE),
    Route("GET", f"{_FILTER}/statuses", filter_statuses, _READ),
    Route("POST", f"{_FILTER}/statuses", add_filter_status, _WRITE),
    Route("GET", _STATUS, show_filter_status, _READ),
    Route("DELETE", _STATUS, delete_filter_status, _WRITE),
    Route("GET", _V1, phrase_filters, _READ),
    Route("POST", _V1, create_phrase_filter, _WRITE),
    Route("GET", _PHRASE, show_phrase_filter, _READ),
    Route("PUT", _PHRASE, change_phrase_filter, _WRITE),
    Route("DELETE", _PHRASE, delete_phrase_filter, _WRITE),
)
