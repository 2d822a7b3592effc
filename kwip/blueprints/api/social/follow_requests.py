"""Requests to follow the viewer: list, accept and reject them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.api.social.people import answer_accounts
from kwip.blueprints.table import Route
from kwip.schemas.social.relationships import RelationshipSchema

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId


def follow_requests() -> Response:
    """List the accounts that ask to follow the viewer."""
    found = http.services().people.requesting(
        http.signed_in(), http.loader(), http.page_request()
    )
    return answer_accounts(found)


def accept_request(user_id: UserId) -> Response:
    """Let an account follow the viewer."""
    found = http.services().follow_requests.accept(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, found)


def reject_request(user_id: UserId) -> Response:
    """Refuse an account's request to follow the viewer."""
    found = http.services().follow_requests.reject(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, found)


_REQUESTS = "/api/v1/follow_requests"
#: Whoever is asked for much has much to answer.
_WRITE = policies.write("api")

ROUTES = (
    Route("GET", _REQUESTS, follow_requests, policies.READ),
    Route("POST", f"{_REQUESTS}/<id:user_id>/authorize", accept_request, _WRITE),
    Route("POST", f"{_REQUESTS}/<id:user_id>/reject", reject_request, _WRITE),
)
