"""Search: accounts by their exact name; posts and hashtags are not searched yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.errors import NotFoundError
from kwip.schemas.search import LookupQuery, SearchQuery, username_in
from kwip.schemas.users import AccountSchema
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.users import User
    from kwip.schemas.search import Search


def lookup_account() -> Response:
    """Find an account by `acct`: `name`, `@name` or `name@this-host`."""
    return http.answer_dumped(AccountSchema, _named(http.load_query(LookupQuery())))


def search_accounts() -> Response:
    """List the account whose username is exactly `q`."""
    found = _matching(http.load_query(SearchQuery()))
    return http.answer(http.dump(AccountSchema, found, many=True))


def search() -> Response:
    """Find the account whose username is exactly `q`; no statuses or hashtags yet."""
    found = _matching(http.load_query(SearchQuery()))
    accounts = http.dump(AccountSchema, found, many=True)
    return http.answer({"accounts": accounts, "statuses": [], "hashtags": []})


def _matching(asked: Search) -> list[User]:
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
