"""The pages on which administrators write announcements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.accounts.roles import Permission
from kwip.domain.errors import ConflictError, InvalidError
from kwip.schemas.accounts.announcements import STATE_NAMES, AnnouncementForm
from kwip.schemas.accounts.members import StaffActForm
from kwip.schemas.markdown import page_html
from kwip.text.translation import gettext

if TYPE_CHECKING:
    import datetime as dt

    from flask import Response

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.administration.announcements import Announcement
    from kwip.schemas.accounts.announcements import AnnouncementInput

_MAY = Permission.MANAGE_ANNOUNCEMENTS


def all_announcements() -> Response:
    """List the announcements, with the form to add one."""
    return page("admin_announcements.html", form=Form(), **_listed())


def add_announcement() -> Response:
    """Add an announcement: as a draft, at once, or only to see it."""
    try:
        asked = http.load_form(AnnouncementForm())
        if asked.act == "preview":
            return page(
                "admin_announcements.html",
                form=_typed(asked),
                preview=page_html(asked.typed.text),
                **_listed(),
            )
        is_published = asked.act == "publish"
        http.services().announcements.add(
            asked.typed, by_viewer(_MAY, asked.reason), is_published=is_published
        )
    except (InvalidError, ConflictError) as error:
        return page_again("admin_announcements.html", error, **_listed())
    message = gettext("Published.") if is_published else gettext("Draft saved.")
    return go(url_for("web.all_announcements"), message)


def one_announcement(announcement_id: int) -> Response:
    """Show an announcement, to edit it."""
    found = http.services().announcements.get(announcement_id)
    return page("admin_announcement.html", form=_form_of(found), **_about(found))


def edit_announcement(announcement_id: int) -> Response:
    """Change an announcement, or show what it would look like."""
    announcements = http.services().announcements
    try:
        asked = http.load_form(AnnouncementForm())
        if asked.act == "preview":
            return page(
                "admin_announcement.html",
                form=_typed(asked),
                preview=page_html(asked.typed.text),
                **_about(announcements.get(announcement_id)),
            )
        order = by_viewer(_MAY, asked.reason)
        announcements.edit(announcement_id, asked.typed, asked.version, order)
    except (InvalidError, ConflictError) as error:
        about = _about(announcements.get(announcement_id))
        return page_again("admin_announcement.html", error, **about)
    return go(url_for("web.all_announcements"), gettext("Changes saved."))


def publish_announcement(announcement_id: int) -> Response:
    """Publish a draft."""
    back = url_for("web.all_announcements")
    try:
        http.services().announcements.publish(announcement_id, _order())
    except (InvalidError, ConflictError) as error:
        return go(back, error.message)
    return go(back, gettext("Published."))


def end_announcement(announcement_id: int) -> Response:
    """Show an announcement no more."""
    back = url_for("web.all_announcements")
    try:
        http.services().announcements.end(announcement_id, _order())
    except (InvalidError, ConflictError) as error:
        return go(back, error.message)
    return go(back, gettext("The announcement has ended."))


def remove_announcement(announcement_id: int) -> Response:
    """Delete an announcement."""
    back = url_for("web.all_announcements")
    try:
        http.services().announcements.remove(announcement_id, _order())
    except InvalidError as error:
        return go(back, error.message)
    return go(back, gettext("Announcement deleted."))


def _order() -> Order:
    return by_viewer(_MAY, http.load_form(StaffActForm()).reason)


def _listed() -> dict[str, object]:
    announcements = http.services().announcements
    rows = [(a, announcements.state(a)) for a in announcements.newest()]
    return {"rows": rows, "names": STATE_NAMES}


def _about(found: Announcement) -> dict[str, object]:
    return {"announcement": found}


def _form_of(found: Announcement) -> Form:
    times = {
        "starts_at": _written(found.starts_at),
        "ends_at": _written(found.ends_at),
    }
    return Form({"text": found.text, "version": str(found.version), **times})


def _typed(asked: AnnouncementInput) -> Form:
    typed = asked.typed
    values = {"text": typed.text, "version": str(asked.version)}
    values["reason"] = asked.reason
    return Form(values | {"starts_at": typed.starts_at, "ends_at": typed.ends_at})


def _written(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}" if moment else ""


_ALL = "/admin/announcements"
_ONE = f"{_ALL}/<id:announcement_id>"
_PAGE, _FORM = page_policy(_MAY), form_policy(_MAY)

ROUTES = (
    Route("GET", _ALL, all_announcements, _PAGE),
    Route("POST", _ALL, add_announcement, _FORM),
    Route("GET", _ONE, one_announcement, _PAGE),
    Route("POST", _ONE, edit_announcement, _FORM),
    Route("POST", f"{_ONE}/publish", publish_announcement, _FORM),
    Route("POST", f"{_ONE}/end", end_announcement, _FORM),
    Route("POST", f"{_ONE}/delete", remove_announcement, _FORM),
)
