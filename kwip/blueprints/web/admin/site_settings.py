"""The pages on which administrators change the settings and the texts of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.accounts.roles import Permission
from kwip.domain.accounts.site import PAGES, PageName
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.schemas.accounts.site_forms import SiteSettingsForm, SiteTextForm, UndoForm
from kwip.schemas.markdown import page_html
from kwip.schemas.site import PAGE_TITLES
from kwip.services.accounts.joining.site import shown
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.accounts.site import SiteSettings

_CHANGE = Permission.CHANGE_SETTINGS
#: How many changes the history shows.
_SHOWN = 100
_FLAGS = ("confirm_email", "members_invite", "guest_replies")
_FIELDS = (
    *("name", "description", "contact_email", "contact_username", "rules", "sign_up"),
    *_FLAGS,
    "language",
)


def site_settings() -> Response:
    """Show the settings of the site."""
    now = http.services().site.current()
    return page("admin_settings.html", form=_form_of(now), now=now, **_known())


def save_site_settings() -> Response:
    """Change the settings of the site."""
    site = http.services().site
    try:
        asked = http.load_form(SiteSettingsForm())
        made = site.change(asked.values, by_viewer(_CHANGE), version=asked.version)
    except (InvalidError, ConflictError) as error:
        return page_again("admin_settings.html", error, now=site.current(), **_known())
    return go(url_for("web.site_settings"), _saved(bool(made)))


def site_text(name: str) -> Response:
    """Show the text of a page, to edit it."""
    known, now = _page_named(name), http.services().site.current()
    form = Form({"text": getattr(now, known), "version": str(now.version)})
    return _text_page(known, form)


def save_site_text(name: str) -> Response:
    """Change the text of a page, or show what it would look like."""
    known = _page_named(name)
    try:
        asked = http.load_form(SiteTextForm())
        if asked.is_preview:
            form = Form({"text": asked.text, "version": str(asked.version)})
            return _text_page(known, form, page_html(asked.text))
        made = http.services().site.change(
            {known: asked.text},
            by_viewer(_CHANGE),
            version=asked.version,
        )
    except (InvalidError, ConflictError) as error:
        return page_again("admin_text.html", _of_text(error, known), **_about(known))
    return go(url_for("web.site_text", name=known), _saved(bool(made)))


def site_changes() -> Response:
    """Show what was changed, by whom."""
    return page(
        "admin_changes.html", changes=http.services().site.changes(_SHOWN), shown=shown
    )


def undo_site_change() -> Response:
    """Undo a change."""
    back = url_for("web.site_changes")
    try:
        http.services().site.undo(http.load_form(UndoForm()), by_viewer(_CHANGE))
    except ConflictError as error:
        return go(back, error.message)
    return go(back, gettext("Change undone."))


def _known() -> dict[str, object]:
    """Return what some settings need, as a warning says."""
    return {"has_mail": http.services().mails.has_server}


def _form_of(now: SiteSettings) -> Form:
    values = {name: shown(getattr(now, name)) for name in _FIELDS}
    for flag in _FLAGS:
        values[flag] = "1" if getattr(now, flag) else ""
    return Form(values | {"version": str(now.version)})


def _text_page(name: PageName, form: Form, preview: str = "") -> Response:
    return page("admin_text.html", form=form, preview=preview, **_about(name))


def _about(name: PageName) -> dict[str, object]:
    return {"name": name, "title": str(PAGE_TITLES[name])}


def _of_text(error: InvalidError | ConflictError, name: str) -> InvalidError:
    """Name the field as the form does."""
    fields = dict(error.fields) if isinstance(error, InvalidError) else {}
    if name in fields:
        fields["text"] = fields.pop(name)
    return InvalidError(error.message, fields)


def _page_named(name: str) -> PageName:
    for known in PAGES:
        if name == known:
            return known
    raise NotFoundError(gettext("Page not found."))


def _saved(is_changed: bool) -> str:  # noqa: FBT001 -- the only argument
    return gettext("Changes saved.") if is_changed else gettext("Nothing has changed.")


_PAGE, _FORM = page_policy(_CHANGE), form_policy(_CHANGE)

ROUTES = (
    Route("GET", "/admin/settings", site_settings, _PAGE),
    Route("POST", "/admin/settings", save_site_settings, _FORM),
    Route("GET", "/admin/settings/changes", site_changes, _PAGE),
    Route("POST", "/admin/settings/changes", undo_site_change, _FORM),
    Route("GET", "/admin/pages/<name>", site_text, _PAGE),
    Route("POST", "/admin/pages/<name>", save_site_text, _FORM),
)
