"""Lists of accounts: followers, followees, who reacted, who is blocked or muted.

They are paged with opaque cursors in `Link`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.timelines.pages import Page
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.social.relationships import MutedAccountSchema

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId, UserId
    from kwip.domain.timelines.views import UserView


def followers(user_id: UserId) -> Response:
    """List the followers of an account."""
    found = http.services().people.followers(
        http.viewer(), http.loader(), user_id, http.page_request()
    )
    return answer_accounts(found)


def following(user_id: UserId) -> Response:
    """List the accounts that an account follows."""
    found = http.services().people.following(
        http.viewer(), http.loader(), user_id, http.page_request()
    )
    return answer_accounts(found)


def blocks() -> Response:
    """List the accounts that the viewer has blocked."""
    found = http.services().people.blocked(
        http.signed_in(), http.loader(), http.page_request()
    )
    return answer_accounts(found)


def mutes() -> Response:
    """List the accounts that the viewer has muted."""
    found = http.services().people.muted(
        http.signed_in(), http.loader(), http.page_request()
    )
    return http.answer_page(MutedAccountSchema, found)


def favourited_by(post_id: PostId) -> Response:
    """List the accounts that favourited a status."""
    found = http.services().people.reacted(
        http.viewer(), http.loader(), post_id, "favourited_by", http.page_request()
    )
    return answer_accounts(found)


def reblogged_by(post_id: PostId) -> Response:
    """List the accounts that reposted a status."""
    found = http.services().people.reacted(
        http.viewer(), http.loader(), post_id, "reposted_by", http.page_request()
    )
    return answer_accounts(found)


def answer_accounts(found: Page[UserView]) -> Response:
    """Return a page of accounts."""
    accounts = Page(
        items=tuple(view.user for view in found.items),
        next_max_id=found.next_max_id,
        prev_min_id=found.prev_min_id,
    )
    return http.answer_page(AccountSchema, accounts)


_ACCOUNT, _STATUS = "/api/v1/accounts/<id:user_id>", "/api/v1/statuses/<id:post_id>"

ROUTES = (
    Route("GET", f"{_ACCOUNT}/followers", followers, policies.OPEN_READ),
    Route("GET", f"{_ACCOUNT}/following", following, policies.OPEN_READ),
    Route("GET", "/api/v1/blocks", blocks, policies.READ),
    Route("GET", "/api/v1/mutes", mutes, policies.READ),
    Route("GET", f"{_STATUS}/favourited_by", favourited_by, policies.OPEN_READ),
    Route("GET", f"{_STATUS}/reblogged_by", reblogged_by, policies.OPEN_READ),
)
