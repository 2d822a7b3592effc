"""Quotes of statuses: list them, take one's status out of one, say who may quote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.posting.posts import StatusSchema
from kwip.schemas.posting.quotes import InteractionPolicyBody

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId


def quotes(post_id: PostId) -> Response:
    """List the statuses that quote a status."""
    _, found = http.services().quote_pages.page(
        http.viewer(), http.loader(), post_id, http.page_request()
    )
    return http.answer_page(StatusSchema, found)


def revoke_quote(post_id: PostId, quoting_id: PostId) -> Response:
    """Take one of the viewer's statuses out of a status that quotes it."""
    view = http.services().quotes.revoke(http.signed_in(), post_id, quoting_id)
    return http.answer_dumped(StatusSchema, view)


def set_interaction_policy(post_id: PostId) -> Response:
    """Change who may quote one of the viewer's statuses, and reply, from now on."""
    policies = http.load_body(InteractionPolicyBody())
    view = http.services().quotes.set_policies(http.signed_in(), post_id, *policies)
    return http.answer_dumped(StatusSchema, view)


_STATUS = "/api/v1/statuses/<id:post_id>"

ROUTES = (
    Route("GET", f"{_STATUS}/quotes", quotes, policies.OPEN_READ),
    Route(
        "POST",
        f"{_STATUS}/quotes/<id:quoting_id>/revoke",
        revoke_quote,
        policies.write("api"),
    ),
    Route(
        "PUT",
        f"{_STATUS}/interaction_policy",
        set_interaction_policy,
        policies.write("posts"),
    ),
)
