"""The viewer's filters as pages: all of them, and forms to make and edit one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request, url_for

from kwip.blueprints import bodies, http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, Form, form_policy, go, page, page_again
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import InvalidError
from kwip.domain.social.keyword_filters import FilterContext, require_filter
from kwip.schemas.filters import DURATIONS, FilterForm, FilterPostForm
from kwip.schemas.forms import ActForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId
    from kwip.domain.social.keyword_filters import Filter, FilterSet

#: Empty rows below the keywords of a form.
_BLANK_ROWS = 3


def filter_settings() -> Response:
    """Show the viewer's filters."""
    filters = [(each, _until(each)) for each in _own()]
    return page("settings_filters.html", filters=filters)


def new_filter() -> Response:
    """Show the form for a new filter."""
    form = Form({"action": "warn", "expires": "never"})
    contexts = [context.value for context in FilterContext]
    return page("filter_edit.html", form=form, **_form_parts(None, [], contexts))


def create_filter() -> Response:
    """Create a filter."""
    try:
        change = http.load_form(FilterForm())
        http.services().filters.create(http.signed_in(), change)
    except InvalidError as error:
        return page_again("filter_edit.html", error, **_sent(None))
    return go(url_for("web.filter_settings"), gettext("Filter created."))


def edit_filter(filter_id: int) -> Response:
    """Show the form to edit a filter, and the kwips in it."""
    own = require_filter(_own(), filter_id)
    expires = "never" if own.expires_ms is None else "keep"
    form = Form({"title": own.title, "action": own.action.value, "expires": expires})
    rows = [
        {"id": k.id, "text": k.text, "whole": k.is_whole_word} for k in own.keywords
    ]
    return page("filter_edit.html", form=form, **_form_parts(own, rows, own.contexts))


def save_filter(filter_id: int) -> Response:
    """Update a filter."""
    own = require_filter(_own(), filter_id)
    try:
        change = http.load_form(FilterForm())
        http.services().filters.change(http.signed_in(), filter_id, change)
    except InvalidError as error:
        return page_again("filter_edit.html", error, **_sent(own))
    return go(url_for("web.filter_settings"), gettext("Changes saved."))


def delete_filter(filter_id: int) -> Response:
    """Ask for confirmation."""
    return page("filter_delete.html", filter=require_filter(_own(), filter_id))


def delete_filter_now(filter_id: int) -> Response:
    """Delete a filter."""
    http.load_form(ActForm())
    http.services().filters.delete(http.signed_in(), filter_id)
    return go(url_for("web.filter_settings"), gettext("Filter deleted."))


def remove_filtered_post(filtered_id: int) -> Response:
    """Remove a kwip from its filter."""
    http.load_form(ActForm())
    changed = http.services().filters.remove_post(http.signed_in(), filtered_id)
    back = url_for("web.edit_filter", filter_id=changed.id)
    return go(back, gettext("Kwip removed from the filter."))


def filter_post(username: str, post_id: PostId) -> Response:
    """Show the filters that a kwip can be added to."""
    post = http.services().posts.get(http.viewer(), http.loader(), post_id).post
    place = url_for("web.thread", username=username, post_id=post_id)
    return page("filter_post.html", post=post, place=place, filters=_own())


def add_filtered_post(username: str, post_id: PostId) -> Response:
    """Add a kwip to a filter."""
    filter_id = http.load_form(FilterPostForm())
    added = http.services().filters.add_post(http.signed_in(), filter_id, post_id)
    says = gettext("Added to the filter %(title)s.", title=added.title)
    return go(url_for("web.thread", username=username, post_id=post_id), says)


def _own() -> FilterSet:
    return http.services().filters.overview(http.signed_in(), http.loader())


def _until(each: Filter) -> dict[str, object]:
    """Say when a filter ends, and whether that is over."""
    if each.expires_ms is None:
        return {"ends_at": None, "is_over": False}
    is_over = not each.is_active(system_clock_ms())
    return {"ends_at": at(each.expires_ms), "is_over": is_over}


def _sent(own: Filter | None) -> dict[str, object]:
    """Return the parts of a form that is shown again, as they were sent."""
    sent = bodies.unnest(bodies.pairs_of(request.form))
    rows, contexts = sent.get("keywords"), sent.get("context")
    return _form_parts(
        own,
        [row for row in rows if isinstance(row, dict)]
        if isinstance(rows, list)
        else [],
        contexts if isinstance(contexts, list) else [],
    )


def _form_parts(
    own: Filter | None, rows: list[dict[str, object]], contexts: object
) -> dict[str, object]:
    blank = [{"id": "", "text": "", "whole": True}] * _BLANK_ROWS
    filled = [row for row in rows if row.get("text") or row.get("id")]
    posts = http.services().id_lists.named(
        http.signed_in(), http.loader(), [p.post_id for p in own.posts] if own else []
    )
    known = {view.post.id: view for view in posts}
    return {
        "filter": own,
        "rows": [*filled, *blank],
        "contexts": contexts,
        "durations": DURATIONS,
        "until": None if own is None else _until(own),
        "posts": [(p, known.get(p.post_id)) for p in own.posts] if own else [],
    }


_ALL, _FORM = "/settings/filters", form_policy("pages")
_FILTER, _POST = f"{_ALL}/<id:filter_id>", "/@<name:username>/<id:post_id>/filter"

ROUTES = (
    Route("GET", _ALL, filter_settings, OWN),
    Route("POST", _ALL, create_filter, _FORM),
    Route("GET", f"{_ALL}/new", new_filter, OWN),
    Route("GET", _FILTER, edit_filter, OWN),
    Route("POST", _FILTER, save_filter, _FORM),
    Route("GET", f"{_FILTER}/delete", delete_filter, OWN),
    Route("POST", f"{_FILTER}/delete", delete_filter_now, _FORM),
    Route("POST", f"{_ALL}/kwips/<id:filtered_id>/remove", remove_filtered_post, _FORM),
    Route("GET", _POST, filter_post, OWN),
    Route("POST", _POST, add_filtered_post, _FORM),
)
