"""Updates: a kwip from a program, in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.timelines.views import PostView
from kwip.schemas.posting.updates import UpdateBody, UpdateSchema

if TYPE_CHECKING:
    from flask import Response


def update() -> Response:
    """Post a kwip, once for each `Idempotency-Key`; with `validate`, only check it."""
    asked, viewer = http.load_body(UpdateBody()), http.signed_in()
    if asked.is_check:
        post = http.services().updates.check(viewer.id, asked.draft)
        author = http.services().users.me(viewer, http.loader())
        return http.answer_dumped(UpdateSchema, PostView(post=post, author=author))
    draft = asked.once(request.headers.get("Idempotency-Key"))
    view = http.services().posts.create(viewer, draft)
    return http.answer_dumped(UpdateSchema, view)


ROUTES = (Route("POST", "/api/kwips/update.json", update, policies.write("posts")),)
