"""Who quotes a kwip; its author can take it out of each, and say who may quote it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, Form, form_policy, go, page, way_back
from kwip.domain.errors import NotFoundError
from kwip.domain.social.keyword_filters import FilterContext, Filtering
from kwip.schemas.posting.quotes import PoliciesForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId


def post_quotes(username: str, post_id: PostId) -> Response:
    """List the kwips that quote a kwip."""
    filtering = Filtering(context=FilterContext.PUBLIC)
    asked = replace(http.page_request(), filtering=filtering)
    view, found = http.services().quote_pages.page(
        http.viewer(), http.loader(), post_id, asked
    )
    if view.author.username != username:
        raise NotFoundError(gettext("Kwip not found."), post_id=post_id)
    policies = {
        "policy": view.post.quote_policy.value,
        "reply_policy": view.post.reply_policy.value,
    }
    form = Form(policies)
    return page("quotes.html", view=view, page=found, form=form)


def choose_policies(username: str, post_id: PostId) -> Response:
    """Change who may quote one of the viewer's kwips, and reply, from now on."""
    policies = http.load_form(PoliciesForm())
    http.services().quotes.set_policies(http.signed_in(), post_id, *policies)
    back = url_for("web.post_quotes", username=username, post_id=post_id)
    return go(back, gettext("Changes saved."))


def remove_from_quote(username: str, post_id: PostId, quoting_id: PostId) -> Response:
    """Take one of the viewer's kwips out of a kwip that quotes it."""
    http.services().quotes.revoke(http.signed_in(), post_id, quoting_id)
    quotes = url_for("web.post_quotes", username=username, post_id=post_id)
    return go(way_back(quotes), gettext("Your kwip was removed from the quote."))


_QUOTES = "/@<name:username>/<id:post_id>/quotes"

ROUTES = (
    Route("GET", _QUOTES, post_quotes, OPEN),
    Route("POST", _QUOTES, choose_policies, form_policy("posts")),
    Route(
        "POST",
        f"{_QUOTES}/<id:quoting_id>/remove",
        remove_from_quote,
        form_policy("pages"),
    ),
)
