"""Invite somebody into a conversation, on a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, Form, form_policy, go, page, page_again
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
)
from kwip.schemas.posting.invites import InviteForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId
    from kwip.domain.timelines.views import PostView


def invite_to_post(username: str, post_id: PostId) -> Response:
    """Ask whom to invite into the conversation of a kwip."""
    return page("conversation_invite.html", view=_view(username, post_id), form=Form())


def send_post_invite(username: str, post_id: PostId) -> Response:
    """Invite somebody into the conversation of a kwip."""
    view = _view(username, post_id)
    try:
        name = http.load_form(InviteForm())
        invites = http.services().conversation_invites
        user = invites.invite(http.signed_in(), post_id, name)
    except (InvalidError, ConflictError, ForbiddenError, RateLimitedError) as error:
        return page_again("conversation_invite.html", error, view=view)
    back = url_for("web.thread", username=username, post_id=post_id)
    return go(back, gettext("Invited @%(name)s.", name=user.username))


def _view(username: str, post_id: PostId) -> PostView:
    view = http.services().posts.get(http.viewer(), http.loader(), post_id)
    if view.author.username != username:
        raise NotFoundError(gettext("Kwip not found."), post_id=post_id)
    return view


_INVITE = "/@<name:username>/<id:post_id>/invite"

ROUTES = (
    Route("GET", _INVITE, invite_to_post, OWN),
    Route("POST", _INVITE, send_post_invite, form_policy("follows")),
)
