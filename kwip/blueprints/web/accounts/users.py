"""The viewer's own profile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.pages import OWN, Form, go, own_user, page, page_again
from kwip.domain.accounts.users import MAX_FIELDS
from kwip.domain.errors import InvalidError, StorageFullError
from kwip.schemas.accounts.forms import ProfileForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def profile_settings() -> Response:
    """Show the form for the viewer's profile."""
    me = own_user()
    values = {"display_name": me.display_name, "bio": me.bio}
    for number, line in enumerate(me.fields):
        values[f"fields[{number}][name]"] = line.name
        values[f"fields[{number}][value]"] = line.value
    return page("settings_profile.html", form=Form(values), me=me, **_constants())


def save_profile() -> Response:
    """Update the viewer's profile."""
    try:
        change = replace(
            http.load_form(ProfileForm()),
            avatar=http.upload("avatar"),
            banner=http.upload("banner"),
        )
        http.services().users.update_profile(http.signed_in(), change)
    except (InvalidError, StorageFullError) as error:
        return page_again("settings_profile.html", error, me=own_user(), **_constants())
    return go(url_for("web.profile_settings"), gettext("Changes saved."))


def _constants() -> dict[str, object]:
    """Return how many fields there are, how to verify one, and how much is stored."""
    attachments, name = http.services().attachments, http.signed_in().username
    address = http.site().urls.user(name)
    return {
        "lines": MAX_FIELDS,
        "link_back": f'<a rel="me" href="{address}">@{name}</a>',
        "used_bytes": attachments.used_bytes(http.signed_in()),
        "quota_bytes": attachments.quota_bytes,
    }


#: A form with pictures of the viewer.
UPLOAD = Policy(
    auth="user",
    scope=None,
    quota="media",
    cache="never",
    csrf="form",
    takes_files=True,
)

ROUTES = (
    Route("GET", "/settings/profile", profile_settings, OWN),
    Route("POST", "/settings/profile", save_profile, UPLOAD),
)
