"""Accounts that people feature on their profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.discovery.trends import PartQuery
from kwip.schemas.social.relationships import RelationshipSchema

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId


def endorsements() -> Response:
    """Return the accounts that the viewer features."""
    return _answer(http.signed_in().id)


def account_endorsed(user_id: UserId) -> Response:
    """Return the accounts that an account features."""
    return _answer(user_id)


def endorse(user_id: UserId) -> Response:
    """Feature an account that the viewer follows."""
    found = http.services().endorsements.endorse(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, found)


def unendorse(user_id: UserId) -> Response:
    """Feature an account no more."""
    found = http.services().endorsements.unendorse(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, found)


def pin_account(user_id: UserId) -> Response:
    """Feature an account, for older apps."""
    return endorse(user_id)


def unpin_account(user_id: UserId) -> Response:
    """Feature an account no more, for older apps."""
    return unendorse(user_id)


def _answer(user_id: UserId) -> Response:
    part = http.load_query(PartQuery())
    _, found = http.services().endorsements.of(http.viewer(), http.loader(), user_id)
    return http.answer_list(AccountSchema, [view.user for view in part.of(found)])


_ACCOUNT = "/api/v1/accounts/<id:user_id>"

ROUTES = (
    Route("GET", "/api/v1/endorsements", endorsements, policies.READ),
    Route("GET", f"{_ACCOUNT}/endorsements", account_endorsed, policies.OPEN_READ),
    Route("POST", f"{_ACCOUNT}/endorse", endorse, policies.write("api")),
    Route("POST", f"{_ACCOUNT}/unendorse", unendorse, policies.write("api")),
    Route("POST", f"{_ACCOUNT}/pin", pin_account, policies.write("api")),
    Route("POST", f"{_ACCOUNT}/unpin", unpin_account, policies.write("api")),
)
