"""Accounts: profiles, preferences and the statuses of an account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.accounts.users import ProfileChange
from kwip.domain.errors import InvalidError
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.pushdown import Kinds
from kwip.schemas.accounts.users import (
    AccountSchema,
    CredentialAccountSchema,
    CredentialsBody,
    in_words_of_api,
    own_preferences,
)
from kwip.schemas.pages import FilteredQuery
from kwip.schemas.posting.posts import StatusSchema
from kwip.schemas.social.relationships import AccountsQuery
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId
    from kwip.domain.timelines.views import PostView


def verify_credentials() -> Response:
    """Return the account that the token belongs to."""
    user = http.services().users.me(http.signed_in(), http.loader())
    return http.answer_dumped(CredentialAccountSchema, user)


def update_credentials() -> Response:
    """Update the viewer's name, note, fields and pictures; only those that are sent."""
    change = replace(
        http.load_body(CredentialsBody()),
        avatar=http.upload("avatar"),
        banner=http.upload("header"),
    )
    try:
        user = http.services().users.update_profile(http.signed_in(), change)
    except InvalidError as error:
        raise in_words_of_api(error) from error
    return http.answer_dumped(CredentialAccountSchema, user)


def delete_avatar() -> Response:
    """Delete the viewer's profile picture; the default is shown again."""
    change = ProfileChange(is_avatar_removed=True)
    user = http.services().users.update_profile(http.signed_in(), change)
    return http.answer_dumped(CredentialAccountSchema, user)


def delete_header() -> Response:
    """Delete the viewer's header picture; the default is shown again."""
    change = ProfileChange(is_banner_removed=True)
    user = http.services().users.update_profile(http.signed_in(), change)
    return http.answer_dumped(CredentialAccountSchema, user)


def preferences() -> Response:
    """Return the viewer's preferences."""
    me = http.services().users.me(http.signed_in(), http.loader())
    return http.answer(own_preferences(me))


def account(user_id: UserId) -> Response:
    """Return an account; it is the same for everyone."""
    view = http.services().users.by_id(None, http.loader(), user_id)
    return http.answer_dumped(AccountSchema, view.user)


def accounts() -> Response:
    """Return the accounts in `id[]`, in that order; those not found are left out."""
    ids = http.load_query(AccountsQuery())
    found = http.services().people.named(http.loader(), ids)
    return http.answer_list(AccountSchema, found)


def account_statuses(user_id: UserId) -> Response:
    """List an account's statuses that the viewer can see."""
    asked = http.load_query(FilteredQuery())
    page: Page[PostView] = Page(items=())
    if asked.only_pinned:
        page = http.services().profiles.pins(http.viewer(), http.loader(), user_id)
    elif not asked.is_empty:
        page = http.services().timelines.user(
            http.viewer(),
            http.loader(),
            user_id,
            asked.page,
            kinds=Kinds(
                replies=asked.with_replies,
                reposts=asked.with_reposts,
                only_media=asked.only_media,
            ),
            tag=clean_hashtag(asked.tag) if asked.tag else "",
        )
    return http.answer_page(StatusSchema, page)


ROUTES = (
    Route(
        "GET",
        "/api/v1/accounts/verify_credentials",
        verify_credentials,
        policies.READ,
    ),
    Route(
        "PATCH",
        "/api/v1/accounts/update_credentials",
        update_credentials,
        replace(policies.write("media"), takes_files=True),
    ),
    Route("DELETE", "/api/v1/profile/avatar", delete_avatar, policies.write("api")),
    Route("DELETE", "/api/v1/profile/header", delete_header, policies.write("api")),
    Route("GET", "/api/v1/preferences", preferences, policies.READ),
    Route("GET", "/api/v1/accounts", accounts, policies.OPEN_READ),
    Route("GET", "/api/v1/accounts/<id:user_id>", account, policies.OPEN_READ),
    Route(
        "GET",
        "/api/v1/accounts/<id:user_id>/statuses",
        account_statuses,
        policies.OPEN_READ,
    ),
)
