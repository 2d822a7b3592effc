"""People to follow: suggestions, the directory, and familiar followers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.discovery.suggestions import DirectoryQuery, SuggestionSchema
from kwip.schemas.discovery.trends import PartQuery
from kwip.schemas.social.relationships import AccountsQuery

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId

#: Familiar followers that are listed for each account.
MAX_FAMILIAR = 10


def suggestions() -> Response:
    """Suggest accounts, with the reason."""
    part = http.load_query(PartQuery())
    found = http.services().suggestions.of(http.signed_in(), http.loader())
    return http.answer_list(SuggestionSchema, part.of(found))


def suggestions_v1() -> Response:
    """Suggest accounts, for older apps."""
    part = http.load_query(PartQuery())
    found = http.services().suggestions.of(http.signed_in(), http.loader())
    accounts = [each.view.user for each in part.of(found)]
    return http.answer_list(AccountSchema, accounts)


def dismiss_suggestion(user_id: UserId) -> Response:
    """Suggest an account no more."""
    http.services().suggestions.dismiss(http.signed_in(), user_id)
    return http.answer({})


def account_directory() -> Response:
    """List accounts that want to be found, by latest status or newest first."""
    asked = http.load_query(DirectoryQuery())
    found = http.services().suggestions.directory(
        http.viewer(), http.loader(), asked.order, asked.part
    )
    accounts = [view.user for view in found.items]
    return http.answer_list(AccountSchema, accounts)


def familiar_followers() -> Response:
    """Return who of the followers of each account in `id[]` the viewer follows."""
    ids = http.load_body(AccountsQuery())  # Mastodon.py sends a body with this GET
    found = http.services().people.familiar(
        http.signed_in(), http.loader(), ids, most=MAX_FAMILIAR
    )
    return http.answer(
        [
            {
                "id": str(user_id),
                "accounts": http.dump(AccountSchema, found[user_id].users, many=True),
            }
            for user_id in ids
        ]
    )


_V1 = "/api/v1"

ROUTES = (
    Route("GET", f"{_V1}/suggestions", suggestions_v1, policies.READ),
    Route("GET", "/api/v2/suggestions", suggestions, policies.READ),
    Route(
        "DELETE",
        f"{_V1}/suggestions/<id:user_id>",
        dismiss_suggestion,
        policies.write("api"),
    ),
    Route("GET", f"{_V1}/directory", account_directory, policies.OPEN_READ),
    Route(
        "GET",
        f"{_V1}/accounts/familiar_followers",
        familiar_followers,
        policies.READ,
    ),
)
