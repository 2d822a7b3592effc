"""Lists as pages: all of them, their timelines and members, and forms to edit them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import (
    CACHED_OWN,
    OWN,
    Form,
    form_policy,
    go,
    page,
    page_again,
    timeline_request,
    way_back,
)
from kwip.domain.errors import InvalidError
from kwip.domain.social.keyword_filters import FilterContext
from kwip.domain.timelines.lists import RepliesPolicy
from kwip.schemas.forms import ActForm
from kwip.schemas.social.lists import ListForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import ListId
    from kwip.domain.timelines.lists import UserList


def lists() -> Response:
    """Show the viewer's lists and hashtags, and the form for a new list."""
    form = Form({"replies_policy": RepliesPolicy.LIST.value})
    return page("lists.html", form=form, **_everything())


def create_list() -> Response:
    """Create an empty list, and show it."""
    try:
        settings = http.load_form(ListForm())
        made = http.services().lists.create(http.signed_in(), settings)
    except InvalidError as error:
        return page_again("lists.html", error, **_everything())
    return go(_place(made.id), gettext("List created."))


def list_timeline(list_id: ListId) -> Response:
    """Show the timeline of a list."""
    services, viewer, loader = http.services(), http.signed_in(), http.loader()
    found = services.timelines.of_list(
        viewer, loader, list_id, timeline_request(FilterContext.HOME)
    )
    listing = services.lists.get(viewer, loader, list_id)
    return page("list.html", listing=listing, page=found)


def edit_list(list_id: ListId) -> Response:
    """Show the form to edit a list."""
    own = _own(list_id)
    values = {
        "title": own.title,
        "replies_policy": own.replies_policy.value,
        "is_exclusive": "1" if own.is_exclusive else "",
        "is_public": "1" if own.is_public else "",
    }
    return page("list_edit.html", list=own, form=Form(values))


def save_list(list_id: ListId) -> Response:
    """Update a list."""
    try:
        change = http.load_form(ListForm())
        http.services().lists.change(http.signed_in(), list_id, change)
    except InvalidError as error:
        return page_again("list_edit.html", error, list=_own(list_id))
    return go(_place(list_id), gettext("Changes saved."))


def delete_list(list_id: ListId) -> Response:
    """Ask for confirmation."""
    return page("list_delete.html", list=_own(list_id))


def delete_list_now(list_id: ListId) -> Response:
    """Delete a list."""
    http.load_form(ActForm())
    http.services().lists.delete(http.signed_in(), list_id)
    return go(url_for("web.lists"), gettext("List deleted."))


def list_members(list_id: ListId) -> Response:
    """Show the members of a list."""
    services, viewer, loader = http.services(), http.signed_in(), http.loader()
    found = services.lists.members(viewer, loader, list_id, http.page_request())
    return page("list_members.html", list=_own(list_id), page=found)


def user_lists(username: str) -> Response:
    """Show the viewer's lists, and which of them contain a user."""
    services, viewer, loader = http.services(), http.signed_in(), http.loader()
    user_id = services.users.id_of(loader, username)
    view, found, containing = services.lists.around(viewer, loader, user_id)
    return page("user_lists.html", view=view, lists=found, containing=containing)


def add_to_list(list_id: ListId, username: str) -> Response:
    """Add a user to a list."""
    back = _back(list_id)
    services = http.services()
    user_id = services.users.id_of(http.loader(), username)
    services.lists.add(http.signed_in(), list_id, [user_id])
    return go(back, gettext("Added @%(username)s to the list.", username=username))


def remove_from_list(list_id: ListId, username: str) -> Response:
    """Remove a user from a list."""
    back = _back(list_id)
    services = http.services()
    user_id = services.users.id_of(http.loader(), username)
    services.lists.remove(http.signed_in(), list_id, [user_id])
    return go(back, gettext("Removed @%(username)s from the list.", username=username))


def _everything() -> dict[str, object]:
    services, viewer, loader = http.services(), http.signed_in(), http.loader()
    tags = services.followed_tags.overview(viewer, loader)
    return {"lists": services.lists.overview(viewer, loader), "tags": tags}


def _own(list_id: ListId) -> UserList:
    """Find one of the viewer's lists."""
    return http.services().lists.get(http.signed_in(), http.loader(), list_id).list


def _place(list_id: ListId) -> str:
    return url_for("web.list_timeline", list_id=list_id)


def _back(list_id: ListId) -> str:
    return way_back(f"{_place(list_id)}/members")


_LIST, _FORM = "/lists/<id:list_id>", form_policy("pages")

ROUTES = (
    Route("GET", "/lists", lists, OWN),
    Route("POST", "/lists", create_list, _FORM),
    Route("GET", _LIST, list_timeline, CACHED_OWN),
    Route("GET", f"{_LIST}/edit", edit_list, OWN),
    Route("POST", f"{_LIST}/edit", save_list, _FORM),
    Route("GET", f"{_LIST}/delete", delete_list, OWN),
    Route("POST", f"{_LIST}/delete", delete_list_now, _FORM),
    Route("GET", f"{_LIST}/members", list_members, OWN),
    Route("POST", f"{_LIST}/add/<name:username>", add_to_list, _FORM),
    Route("POST", f"{_LIST}/remove/<name:username>", remove_from_list, _FORM),
    Route("GET", "/@<name:username>/lists", user_lists, OWN),
)
