"""Saved drafts as pages: all of them, and the form to continue one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, form_policy, go, page
from kwip.blueprints.web.posting import attaching
from kwip.blueprints.web.posting.compose_form import draft_sheet
from kwip.blueprints.web.posting.posts import write_again
from kwip.domain.errors import GoneError, InvalidError, NotFoundError
from kwip.schemas.forms import ActForm
from kwip.schemas.posting.drafts import ContinuedForm
from kwip.schemas.posting.forms import ComposeForm
from kwip.schemas.posting.scheduled import TimeForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId
    from kwip.domain.timelines.views import PostView
    from kwip.services.posting.drafts import Saved


def drafts() -> Response:
    """Show what the viewer has scheduled, then the drafts, newest changes first."""
    found = http.services().drafts.overview(http.signed_in())
    kept = [each for each in found if each.scheduled_at is None]
    later = [each for each in found if each.scheduled_at is not None]
    later.sort(key=lambda each: (each.scheduled_at, each.id))
    return page("drafts.html", drafts=kept, scheduled=later)


def save_draft() -> Response:
    """Save what is in the form for a kwip, instead of posting it."""
    attached = attaching.take()
    try:
        if attached.error:
            raise attached.error
        content = replace(http.load_form(ComposeForm()), attachment_ids=attached.ids)
        continued = http.load_form(ContinuedForm())
        saved = http.services().drafts.save(http.signed_in(), content, continued)
    except InvalidError as error:
        return write_again(error, attached)
    return go(url_for("web.drafts"), _says(saved), **_place(saved))


def schedule_draft() -> Response:
    """Schedule what is in the form for a kwip, instead of posting it now."""
    attached = attaching.take()
    try:
        if attached.error:
            raise attached.error
        content = replace(http.load_form(ComposeForm()), attachment_ids=attached.ids)
        moment = http.load_form(TimeForm())
        viewer, continued = http.signed_in(), http.load_form(ContinuedForm())
        http.services().scheduled.schedule(viewer, content, moment, continued)
    except InvalidError as error:
        return write_again(error, attached)
    return go(url_for("web.drafts"), gettext("Kwip scheduled."))


def unschedule_draft(draft_id: int) -> Response:
    """Make a draft of a scheduled kwip."""
    http.load_form(ActForm())
    http.services().scheduled.reschedule(http.signed_in(), draft_id, None)
    return go(url_for("web.drafts"), gettext("It's a draft again."))


def held_draft(draft_id: int) -> Response:
    """Show a kwip that waits for some seconds, and how to undo it."""
    try:
        found = http.services().scheduled.get(http.signed_in(), draft_id)
    except NotFoundError:  # it is posted
        return go(url_for("web.home"))
    return page("held.html", draft=found)


def undo_draft(draft_id: int) -> Response:
    """Don't post a kwip that waits; continue it."""
    http.load_form(ActForm())
    if not http.services().scheduled.undo(http.signed_in(), draft_id):
        return go(url_for("web.home"), gettext("Too late: your kwip is posted."))
    there = url_for("web.continue_draft", draft_id=draft_id)
    return go(there, gettext("Not posted."))


def continue_draft(draft_id: int) -> Response:
    """Show the form for a kwip with a draft in it."""
    found = http.services().drafts.get(http.signed_in(), draft_id)
    content = found.content
    uploads = http.services().attachments.find(found.owner_id, content.attachment_ids)
    media = tuple(uploads[i].attachment for i in content.attachment_ids if i in uploads)
    parent, quoted = _view(content.in_reply_to_id), _view(content.quote_of_id)
    sheet = draft_sheet(found, media, parent, quoted)
    return page("compose.html", sheet=sheet)


def redraft(username: str, post_id: PostId) -> Response:  # noqa: ARG001 - of the rule
    """Delete one of the viewer's kwips, and show the form with what it said."""
    http.load_form(ActForm())
    made = http.services().drafts.redraft(http.signed_in(), post_id)
    says = gettext("Kwip deleted. Change it, and post it again.")
    return go(url_for("web.continue_draft", draft_id=made.id), says)


def delete_draft(draft_id: int) -> Response:
    """Delete a draft."""
    http.load_form(ActForm())
    http.services().drafts.discard(http.signed_in(), draft_id)
    return go(url_for("web.drafts"), gettext("Draft deleted."))


def _says(saved: Saved) -> str:
    if saved.is_copy:
        return gettext(
            "This draft was changed in another window. Yours is saved as another draft."
        )
    return gettext("Draft saved.") if saved.draft else gettext("Draft deleted.")


def _place(saved: Saved) -> dict[str, str]:
    """Return what a script notes, to save the same draft again."""
    if saved.draft is None:
        return {"draft_id": "", "draft_version": ""}
    return {
        "draft_id": str(saved.draft.id),
        "draft_version": str(saved.draft.version),
        "is_copy": "1" if saved.is_copy else "",
    }


def _view(post_id: PostId | None) -> PostView | None:
    """Find what a draft replies to or quotes, if it is still there."""
    if post_id is None:
        return None
    try:
        posts, viewer = http.services().posts, http.signed_in()
        return posts.get(viewer, http.loader(), post_id).shown
    except (NotFoundError, GoneError):
        return None


_ALL, _FORM = "/drafts", form_policy("pages")

ROUTES = (
    Route("GET", _ALL, drafts, OWN),
    Route("POST", _ALL, save_draft, replace(_FORM, takes_files=True)),
    Route("GET", f"{_ALL}/<id:draft_id>", continue_draft, OWN),
    Route("POST", f"{_ALL}/<id:draft_id>/delete", delete_draft, _FORM),
    Route(
        "POST",
        "/@<name:username>/<id:post_id>/redraft",
        redraft,
        form_policy("deletes"),
    ),
    Route("GET", f"{_ALL}/<id:draft_id>/held", held_draft, OWN),
    Route("POST", f"{_ALL}/<id:draft_id>/undo", undo_draft, _FORM),
    Route("POST", f"{_ALL}/<id:draft_id>/unschedule", unschedule_draft, _FORM),
    Route(
        "POST",
        "/scheduled",
        schedule_draft,
        replace(form_policy("posts"), takes_files=True),
    ),
)
