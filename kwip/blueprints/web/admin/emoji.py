"""The page on which administrators add and remove custom emoji."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.accounts.roles import Permission
from kwip.domain.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    StorageFullError,
)
from kwip.schemas.accounts.members import EmojiForm, EmojiRemovalForm
from kwip.services.media.emojis import NewEmoji
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

#: The name of the field with the file, under which its problems are shown.
_FILE = "picture"


def custom_emoji() -> Response:
    """List the custom emoji, with the form to add one."""
    emojis = http.services().emojis.stored()
    return page("admin_emoji.html", emojis=emojis, form=Form())


def add_custom_emoji() -> Response:
    """Add a custom emoji."""
    services = http.services()
    try:
        new, category = _typed()
        order = by_viewer(Permission.MANAGE_EMOJI)
        services.emoji_changes.add([new], order, category=category)
    except (InvalidError, ConflictError, StorageFullError) as error:
        known = services.emojis.stored()
        return page_again("admin_emoji.html", error, emojis=known)
    message = gettext(":%(code)s: added.", code=new.shortcode)
    return go(url_for("web.custom_emoji"), message)


def _typed() -> tuple[NewEmoji, str]:
    """Read an emoji and its category from the form.

    Raises:
        InvalidError: Something is missing, or there is such an emoji already.
    """
    asked, file = http.load_form(EmojiForm()), http.upload(_FILE)
    code = asked.shortcode.strip().strip(":")
    wrong = {}
    if code in http.services().emojis.stored().by_code:
        wrong["shortcode"] = gettext("This shortcode is taken.")
    if file is None:
        wrong[_FILE] = gettext("Choose a picture.")
    if file is None or wrong:
        raise InvalidError(gettext("No emoji was added."), wrong)
    return NewEmoji(name=_FILE, shortcode=code, file=file), asked.category


def remove_custom_emoji() -> Response:
    """Remove a custom emoji."""
    services, code = http.services(), http.load_form(EmojiRemovalForm())
    order = by_viewer(Permission.MANAGE_EMOJI)
    try:
        services.emoji_changes.remove([code], order)
    except (ConflictError, NotFoundError) as error:
        return go(url_for("web.custom_emoji"), error.message)
    message = gettext(":%(code)s: removed.", code=code)
    return go(url_for("web.custom_emoji"), message)


_PAGE = page_policy(Permission.MANAGE_EMOJI)
_FORM = form_policy(Permission.MANAGE_EMOJI)

ROUTES = (
    Route("GET", "/admin/emoji", custom_emoji, _PAGE),
    Route(
        "POST",
        "/admin/emoji",
        add_custom_emoji,
        replace(_FORM, quota="media", takes_files=True),
    ),
    Route("POST", "/admin/emoji/remove", remove_custom_emoji, _FORM),
)
