"""Pages that links on other sites lead to: share, follow, and the code to embed a kwip.

They only show a form. Nothing is done before its button is pressed here, and visitors
who log in first come back to the same form.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, OPEN_PART, go, page
from kwip.blueprints.web.posting.compose_form import blank_sheet
from kwip.domain.errors import NotFoundError
from kwip.schemas.posting.intents import FollowQuery, ShareQuery
from kwip.schemas.timelines.widget_codes import frame_code
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId


def share() -> Response:
    """Show the form for a new kwip or a reply, filled in."""
    asked = http.load_query(ShareQuery())
    viewer = http.viewer()
    if viewer is None:
        return _to_login(f"{url_for('web.share')}?{asked.query}")
    parent = None
    if asked.parent_id is not None:
        found = http.services().posts.get(viewer, http.loader(), asked.parent_id)
        parent = found.shown
    sheet = replace(blank_sheet(parent), text=asked.words)
    return page("compose.html", sheet=sheet)


def follow_intent() -> Response:
    """Ask whether the viewer wants to follow somebody."""
    username = http.load_query(FollowQuery())
    viewer = http.viewer()
    view = http.services().users.by_name(viewer, http.loader(), username)
    if viewer is None:
        again = urlencode({"name": view.user.username})
        return _to_login(f"{url_for('web.follow_intent')}?{again}")
    return page("follow.html", view=view)


def embed_code(username: str, post_id: PostId) -> Response:
    """Show the code that puts a kwip on another page.

    It needs to be a kwip that its reader may see, and that everybody may see.
    """
    services, loader = http.services(), http.loader()
    view = services.posts.get(http.viewer(), loader, post_id).shown
    try:
        services.widgets.post(loader, view.post.id)
    except NotFoundError as error:
        message = gettext(
            "Other sites can't show this kwip: it isn't public, or its author doesn't "
            "let them."
        )
        raise NotFoundError(message, post_id=post_id) from error
    if view.author.username != username:
        raise NotFoundError(gettext("Kwip not found."), post_id=post_id)
    frame = frame_code(
        f"{http.site().urls.origin}/embed/post/{view.post.id}",
        gettext("Kwip by @%(name)s", name=view.author.username),
    )
    return page("embed_code.html", view=view, frame=frame)


def _to_login(back: str) -> Response:
    """Lead to the log-in page, and from there to a page of ours."""
    return go(url_for("web.login", next=back))


ROUTES = (
    Route("GET", "/share", share, OPEN_PART),
    Route("GET", "/follow", follow_intent, OPEN_PART),
    Route("GET", "/@<name:username>/<id:post_id>/embed", embed_code, OPEN),
)
