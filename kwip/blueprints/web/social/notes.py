"""A private note about a person, on a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import (
    OWN,
    Form,
    form_policy,
    go,
    local_or,
    page,
    page_again,
)
from kwip.domain.errors import InvalidError
from kwip.schemas.forms import NoteForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.timelines.views import UserView


def note(username: str) -> Response:
    """Show the viewer's note about a user, to change it."""
    view = _view(username)
    text = view.relationship.note if view.relationship else ""
    return page("note.html", view=view, form=Form({"comment": text}))


def write_note(username: str) -> Response:
    """Save the viewer's note about a user; an empty one is deleted."""
    view = _view(username)
    try:
        asked = http.load_form(NoteForm())
        http.services().notes.write(http.signed_in(), view.user.id, asked.text)
    except InvalidError as error:
        return page_again("note.html", error, view=view)
    back = local_or(asked.address, url_for("web.profile", username=username))
    return go(back, gettext("Note saved."))


def _view(username: str) -> UserView:
    return http.services().users.by_name(http.viewer(), http.loader(), username)


ROUTES = (
    Route("GET", "/@<name:username>/note", note, OWN),
    Route("POST", "/@<name:username>/note", write_note, form_policy("pages")),
)
