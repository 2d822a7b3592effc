"""Statuses: write, show, edit and delete posts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import request

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.api.posting.scheduled import answer_scheduled
from kwip.blueprints.table import Route
from kwip.domain.posting.sources import API
from kwip.domain.timelines.threads import FOR_ANYBODY, FOR_VIEWER
from kwip.domain.timelines.views import PostView
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.posting.edits import DeleteBody, EditBody
from kwip.schemas.posting.invites import InviteBody
from kwip.schemas.posting.post_versions import StatusEditSchema, versions_of
from kwip.schemas.posting.posts import (
    DeletedStatusSchema,
    StatusBody,
    StatusesQuery,
    StatusSchema,
    StatusSourceSchema,
)
from kwip.schemas.posting.scheduled import ScheduledAtBody

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId


def create_status() -> Response:
    """Publish a status, or schedule it, once for each `Idempotency-Key`."""
    draft = replace(
        http.load_body(StatusBody()),
        idempotency_key=request.headers.get("Idempotency-Key") or None,
    )
    moment = http.load_body(ScheduledAtBody())
    if moment is not None:
        scheduled = http.services().scheduled
        return answer_scheduled(scheduled.schedule(http.signed_in(), draft, moment))
    view = http.services().posts.create(http.signed_in(), draft)
    return http.answer_dumped(StatusSchema, view)


def status(post_id: PostId) -> Response:
    """Return a status."""
    view = http.services().posts.get(http.viewer(), http.loader(), post_id)
    return http.answer_dumped(StatusSchema, view)


def statuses() -> Response:
    """Return the statuses in `id[]`, in that order; those not visible are left out."""
    ids = http.load_query(StatusesQuery())
    found = http.services().id_lists.named(http.viewer(), http.loader(), ids)
    return http.answer_list(StatusSchema, found)


def status_source(post_id: PostId) -> Response:
    """Return the source text of a status, for editing."""
    view = http.services().posts.get(http.signed_in(), http.loader(), post_id)
    return http.answer_dumped(StatusSourceSchema, view)


def status_history(post_id: PostId) -> Response:
    """Return all versions of a status, oldest first."""
    posts, viewer, loader = http.services().posts, http.viewer(), http.loader()
    author = posts.get(viewer, loader, post_id).author
    versions = versions_of(author, posts.history(viewer, loader, post_id))
    return http.answer_list(StatusEditSchema, versions)


def edit_status(post_id: PostId) -> Response:
    """Edit one of the viewer's statuses."""
    asked = http.load_body(EditBody())
    view = http.services().posts.edit(http.signed_in(), post_id, asked)
    return http.answer_dumped(StatusSchema, view)


def delete_status(post_id: PostId) -> Response:
    """Delete one of the viewer's statuses, and return its source text.

    Its files are kept for a day, so that it can be posted again, unless the app sends
    `delete_media`.
    """
    keeps_media = not http.load_body(DeleteBody())
    post = http.services().posts.delete(
        http.signed_in(), post_id, keeps_media=keeps_media
    )
    author = http.services().users.me(http.signed_in(), http.loader())
    view = PostView(post=post, author=author, is_own=True)
    return http.answer_dumped(DeletedStatusSchema, view)


def status_context(post_id: PostId) -> Response:
    """Return the ancestors and descendants of a status; with a token, more of them."""
    viewer = http.viewer()
    part = FOR_ANYBODY if viewer is None else FOR_VIEWER
    found = http.services().threads.thread(viewer, http.loader(), post_id, part)
    return http.answer_lists(
        StatusSchema, ancestors=found.ancestors, descendants=found.descendants
    )


def favourite_status(post_id: PostId) -> Response:
    """Favourite a status."""
    view = http.services().reactions.favourite(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def unfavourite_status(post_id: PostId) -> Response:
    """Remove a favourite."""
    view = http.services().reactions.unfavourite(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def reblog_status(post_id: PostId) -> Response:
    """Repost a status."""
    view = http.services().reposts.repost(http.signed_in(), post_id, source=API)
    return http.answer_dumped(StatusSchema, view)


def unreblog_status(post_id: PostId) -> Response:
    """Undo a repost."""
    view = http.services().reposts.unrepost(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def bookmark_status(post_id: PostId) -> Response:
    """Bookmark a status."""
    view = http.services().reactions.bookmark(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def unbookmark_status(post_id: PostId) -> Response:
    """Remove a bookmark."""
    view = http.services().reactions.unbookmark(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def pin_status(post_id: PostId) -> Response:
    """Pin one of the viewer's statuses to their profile."""
    view = http.services().pins.pin(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def unpin_status(post_id: PostId) -> Response:
    """Unpin a status."""
    view = http.services().pins.unpin(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def mute_status(post_id: PostId) -> Response:
    """Mute the conversation of a status: nothing in it notifies the viewer."""
    muted = http.services().conversations
    view = muted.mute(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def unmute_status(post_id: PostId) -> Response:
    """Unmute the conversation of a status."""
    muted = http.services().conversations
    view = muted.unmute(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def follow_status(post_id: PostId) -> Response:
    """Follow the conversation of a status: its replies notify the viewer."""
    view = http.services().conversations.follow(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def unfollow_status(post_id: PostId) -> Response:
    """Unfollow the conversation of a status."""
    view = http.services().conversations.unfollow(http.signed_in(), post_id)
    return http.answer_dumped(StatusSchema, view)


def invite_to_status(post_id: PostId) -> Response:
    """Invite somebody into the conversation of a status, by `acct`."""
    invites = http.services().conversation_invites
    user = invites.invite(http.signed_in(), post_id, http.load_body(InviteBody()))
    return http.answer_dumped(AccountSchema, user)


_STATUS = "/api/v1/statuses/<id:post_id>"

ROUTES = (
    Route("POST", "/api/v1/statuses", create_status, policies.write("posts")),
    Route("GET", "/api/v1/statuses", statuses, policies.OPEN_READ),
    Route("GET", _STATUS, status, policies.OPEN_READ),
    Route("PUT", _STATUS, edit_status, policies.write("posts")),
    Route("DELETE", _STATUS, delete_status, policies.write("deletes")),
    Route("GET", f"{_STATUS}/context", status_context, policies.CACHED_OPEN_READ),
    Route("GET", f"{_STATUS}/source", status_source, policies.READ),
    Route("GET", f"{_STATUS}/history", status_history, policies.OPEN_READ),
    Route("POST", f"{_STATUS}/favourite", favourite_status, policies.write("api")),
    Route("POST", f"{_STATUS}/unfavourite", unfavourite_status, policies.write("api")),
    Route("POST", f"{_STATUS}/reblog", reblog_status, policies.write("posts")),
    Route("POST", f"{_STATUS}/unreblog", unreblog_status, policies.write("api")),
    Route("POST", f"{_STATUS}/bookmark", bookmark_status, policies.write("api")),
    Route("POST", f"{_STATUS}/unbookmark", unbookmark_status, policies.write("api")),
    Route("POST", f"{_STATUS}/mute", mute_status, policies.write("api")),
    Route("POST", f"{_STATUS}/unmute", unmute_status, policies.write("api")),
    Route("POST", f"{_STATUS}/follow", follow_status, policies.write("api")),
    Route("POST", f"{_STATUS}/unfollow", unfollow_status, policies.write("api")),
    Route("POST", f"{_STATUS}/invite", invite_to_status, policies.write("follows")),
    Route("POST", f"{_STATUS}/pin", pin_status, policies.write("api")),
    Route("POST", f"{_STATUS}/unpin", unpin_status, policies.write("api")),
)
