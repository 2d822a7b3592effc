"""What one says of oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, Form, form_policy, go, page, page_again
from kwip.domain.errors import InvalidError
from kwip.schemas.forms import ProfileForm

if TYPE_CHECKING:
    from flask import Response


def profile_settings() -> Response:
    """Show the form for one's name and bio."""
    me = http.services().users.me(http.signed_in(), http.reading())
    form = Form({"display_name": me.display_name, "bio": me.bio})
    return page("settings_profile.html", form=form)


def save_profile() -> Response:
    """Change one's name and bio."""
    try:
        form = http.load_form(ProfileForm())
        http.services().users.update_profile(http.signed_in(), **form)
    except InvalidError as error:
        return page_again("settings_profile.html", error)
    return go(url_for("web.profile_settings"), "Your profile is saved.")


ROUTES = (
    Route("GET", "/settings/profile", profile_settings, OWN),
    Route("POST", "/settings/profile", save_profile, form_policy("pages")),
)
