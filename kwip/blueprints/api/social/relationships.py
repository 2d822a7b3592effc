"""Relationships: follow, block and mute, and show how two accounts are related."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.social.relationships import (
    AccountsQuery,
    FollowBody,
    MuteBody,
    NoteBody,
    RelationshipSchema,
)

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId


def relationships() -> Response:
    """Return the relationship between the viewer and each account in `id[]`."""
    ids = http.load_query(AccountsQuery())
    found = http.services().relationships.between(http.signed_in(), http.loader(), ids)
    return http.answer_list(RelationshipSchema, found)


def follow(user_id: UserId) -> Response:
    """Follow an account, with notifications or without reposts if asked."""
    options = asdict(http.load_body(FollowBody()))
    found = http.services().relationships.follow(http.signed_in(), user_id, **options)
    return http.answer_dumped(RelationshipSchema, found)


def unfollow(user_id: UserId) -> Response:
    """Unfollow an account."""
    done = http.services().relationships.unfollow(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, done.relationship)


def remove_follower(user_id: UserId) -> Response:
    """Remove an account from the viewer's followers."""
    found = http.services().relationships.remove_follower(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, found)


def block(user_id: UserId) -> Response:
    """Block an account."""
    done = http.services().relationships.block(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, done.relationship)


def unblock(user_id: UserId) -> Response:
    """Unblock an account."""
    found = http.services().relationships.unblock(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, found)


def mute(user_id: UserId) -> Response:
    """Mute an account, for some seconds or for good."""
    terms = http.load_body(MuteBody())
    found = http.services().relationships.mute(http.signed_in(), user_id, terms)
    return http.answer_dumped(RelationshipSchema, found)


def unmute(user_id: UserId) -> Response:
    """Unmute an account."""
    found = http.services().relationships.unmute(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, found)


def write_note(user_id: UserId) -> Response:
    """Write a private note about an account."""
    text = http.load_body(NoteBody())
    found = http.services().notes.write(http.signed_in(), user_id, text)
    return http.answer_dumped(RelationshipSchema, found)


def buzz(user_id: UserId) -> Response:
    """Tell an account that has been silent that the viewer misses it."""
    found = http.services().buzzes.buzz(http.signed_in(), user_id)
    return http.answer_dumped(RelationshipSchema, found)


_ACCOUNT = "/api/v1/accounts/<id:user_id>"
_FOLLOWS, _OTHER = policies.write("follows"), policies.write("api")

ROUTES = (
    Route("GET", "/api/v1/accounts/relationships", relationships, policies.READ),
    Route("POST", f"{_ACCOUNT}/follow", follow, _FOLLOWS),
    Route("POST", f"{_ACCOUNT}/unfollow", unfollow, _FOLLOWS),
    Route("POST", f"{_ACCOUNT}/remove_from_followers", remove_follower, _FOLLOWS),
    Route("POST", f"{_ACCOUNT}/note", write_note, _OTHER),
    Route("POST", f"{_ACCOUNT}/block", block, _OTHER),
    Route("POST", f"{_ACCOUNT}/unblock", unblock, _OTHER),
    Route("POST", f"{_ACCOUNT}/mute", mute, _OTHER),
    Route("POST", f"{_ACCOUNT}/unmute", unmute, _OTHER),
    Route("POST", f"{_ACCOUNT}/buzz", buzz, _FOLLOWS),
)
