"""Lists: the viewer's own, who is in them, and their timelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.api.social.people import answer_accounts
from kwip.blueprints.table import Route
from kwip.schemas.posting.posts import StatusSchema
from kwip.schemas.social.lists import ListBody, ListSchema, MembersBody, MembersQuery

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import ListId, UserId


def lists() -> Response:
    """Return the viewer's lists, sorted by title."""
    found = http.services().lists.overview(http.signed_in(), http.loader())
    return http.answer_list(ListSchema, found)


def create_list() -> Response:
    """Create an empty list."""
    settings = http.load_body(ListBody())
    made = http.services().lists.create(http.signed_in(), settings)
    return http.answer_dumped(ListSchema, made)


def show_list(list_id: ListId) -> Response:
    """Return one of the viewer's lists."""
    found = http.services().lists.get(http.signed_in(), http.loader(), list_id)
    return http.answer_dumped(ListSchema, found.list)


def change_list(list_id: ListId) -> Response:
    """Update a list: its title, its replies, and whether home hides its members."""
    change = http.load_body(ListBody())
    changed = http.services().lists.change(http.signed_in(), list_id, change)
    return http.answer_dumped(ListSchema, changed)


def delete_list(list_id: ListId) -> Response:
    """Delete a list."""
    http.services().lists.delete(http.signed_in(), list_id)
    return http.answer({})


def list_accounts(list_id: ListId) -> Response:
    """Return the accounts in a list; all of them with `limit=0`."""
    page = http.load_query(MembersQuery())
    found = http.services().lists.members(
        http.signed_in(), http.loader(), list_id, page
    )
    return answer_accounts(found)


def add_to_list(list_id: ListId) -> Response:
    """Add accounts that the viewer follows to a list."""
    ids = http.load_body(MembersBody())
    http.services().lists.add(http.signed_in(), list_id, ids)
    return http.answer({})


def remove_from_list(list_id: ListId) -> Response:
    """Remove accounts from a list."""
    ids = http.load_body(MembersBody())
    http.services().lists.remove(http.signed_in(), list_id, ids)
    return http.answer({})


def account_lists(user_id: UserId) -> Response:
    """Return the viewer's lists that contain an account."""
    found = http.services().lists.containing(http.signed_in(), http.loader(), user_id)
    return http.answer_list(ListSchema, found)


def list_timeline(list_id: ListId) -> Response:
    """Return the timeline of a list."""
    page = http.services().timelines.of_list(
        http.signed_in(), http.loader(), list_id, http.page_request()
    )
    return http.answer_page(StatusSchema, page)


_LIST, _WRITE = "/api/v1/lists/<id:list_id>", policies.write("api")

ROUTES = (
    Route("GET", "/api/v1/lists", lists, policies.READ),
    Route("POST", "/api/v1/lists", create_list, _WRITE),
    Route("GET", _LIST, show_list, policies.READ),
    Route("PUT", _LIST, change_list, _WRITE),
    Route("DELETE", _LIST, delete_list, _WRITE),
    Route("GET", f"{_LIST}/accounts", list_accounts, policies.READ),
    Route("POST", f"{_LIST}/accounts", add_to_list, _WRITE),
    Route("DELETE", f"{_LIST}/accounts", remove_from_list, _WRITE),
    Route("GET", "/api/v1/accounts/<id:user_id>/lists", account_lists, policies.READ),
    Route(
        "GET",
        "/api/v1/timelines/list/<id:list_id>",
        list_timeline,
        policies.CACHED_READ,
    ),
)
