"""Search: posts by their words, accounts by their exact name; no hashtags yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.errors import NotFoundError
from kwip.schemas.posts import StatusSchema
from kwip.schemas.search import LookupQuery, SearchQuery, username_in
from kwip.schemas.users import AccountSchema
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.timelines.search import SearchRequest
    from kwip.domain.users import User


def lookup_account() -> Response:
    """Find an account by `acct`: `name`, `@name` or `name@this-host`."""
    return http.answer_dumped(AccountSchema, _named(http.load_query(LookupQuery())))


def search_accounts() -> Response:
    """List the account whose username is exactly `q`."""
    found = _matching(http.load_query(SearchQuery()))
    return http.answer(http.dump(AccountSchema, found, many=True))


def search() -> Response:
    """Find statuses by their words, and the account whose username is exactly `q`."""
    asked = http.load_query(SearchQuery())
    found = http.services().search.statuses(http.viewer(), http.loader(), asked)
    return http.answer(
        {
            "accounts": http.dump(AccountSchema, _matching(asked), many=True),
            "statuses": http.dump(StatusSchema, found, many=True),
            "hashtags": [],
        }
    )


def _matching(asked: SearchRequest) -> list[User]:
    if asked.kind not in {"", "accounts"} or asked.offset > 0:
        return []
    try:
        return [_named(asked.text)]
    except NotFoundError:
        return []


def _named(text: str) -> User:
    name = username_in(text, http.site().urls)
    if name is None:
        raise NotFoundError(gettext("This site has no accounts of other servers."))
    return http.services().users.by_name(None, http.loader(), name).user


ROUTES = (
    Route("GET", "/api/v1/accounts/lookup", lookup_account, policies.OPEN_READ),
    Route("GET", "/api/v1/accounts/search", search_accounts, policies.OPEN_READ),
    Route("GET", "/api/v2/search", search, policies.OPEN_READ),
)
