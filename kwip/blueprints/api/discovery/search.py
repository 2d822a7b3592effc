"""Search: statuses by their words, accounts and hashtags by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.errors import NotFoundError
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.discovery.search import LookupQuery, SearchQuery, username_in
from kwip.schemas.discovery.tags import TagSchema
from kwip.schemas.posting.posts import StatusSchema
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def lookup_account() -> Response:
    """Find an account by `acct`: `name`, `@name` or `name@this-host`."""
    name = username_in(http.load_query(LookupQuery()), http.site().urls)
    if name is None:
        raise NotFoundError(gettext("This site has no accounts of other servers."))
    found = http.services().users.by_name(None, http.loader(), name).user
    return http.answer_dumped(AccountSchema, found)


def search_accounts() -> Response:
    """List accounts whose names begin with `q`, or nearly so."""
    asked = http.load_query(SearchQuery(http.site().urls))
    found = http.services().search.people(http.viewer(), http.loader(), asked)
    accounts = [view.user for view in found]
    return http.answer_list(AccountSchema, accounts)


def search() -> Response:
    """Find statuses by their words, accounts and hashtags by their names."""
    asked = http.load_query(SearchQuery(http.site().urls))
    found = http.services().search.everything(http.viewer(), http.loader(), asked)
    accounts = [view.user for view in found.accounts]
    return http.answer(
        {
            "accounts": http.dump(AccountSchema, accounts, many=True),
            "statuses": http.dump(StatusSchema, found.statuses, many=True),
            "hashtags": http.dump(TagSchema, found.hashtags, many=True),
        }
    )


ROUTES = (
    Route("GET", "/api/v1/accounts/lookup", lookup_account, policies.OPEN_READ),
    Route("GET", "/api/v1/accounts/search", search_accounts, policies.OPEN_READ),
    Route("GET", "/api/v2/search", search, policies.OPEN_READ),
)
