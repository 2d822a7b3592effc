"""The first steps after signing up: a picture and a name, people, a first kwip.

Every step can be skipped, and all can be opened again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.accounts.users import UPLOAD
from kwip.blueprints.web.pages import OWN, Form, go, own_user, page, page_again
from kwip.blueprints.web.posting.compose_form import blank_sheet
from kwip.domain.errors import InvalidError, StorageFullError
from kwip.schemas.accounts.forms import WelcomeForm

if TYPE_CHECKING:
    from flask import Response


#: People in the second step.
MAX_PEOPLE = 12


def welcome() -> Response:
    """Ask for a picture and a name."""
    me = own_user()
    values = {
        "display_name": me.display_name,
        "is_discoverable": "1" if me.is_discoverable else "",
    }
    return page("welcome.html", form=Form(values), me=me)


def save_welcome() -> Response:
    """Save the picture and the name, and go on."""
    try:
        form = http.load_form(WelcomeForm())
        change = replace(form, avatar=http.upload("avatar"))
        http.services().users.update_profile(http.signed_in(), change)
    except (InvalidError, StorageFullError) as error:
        return page_again("welcome.html", error, me=own_user())
    return go(url_for("web.welcome_people"))


def welcome_people() -> Response:
    """Show a few people to follow."""
    found = http.services().suggestions.of(http.signed_in(), http.loader())
    people = [each.view for each in found]
    return page("welcome_people.html", people=people[:MAX_PEOPLE])


def welcome_kwip() -> Response:
    """Show the form for a first kwip."""
    return page("welcome_kwip.html", sheet=blank_sheet())


ROUTES = (
    Route("GET", "/welcome", welcome, OWN),
    Route("POST", "/welcome", save_welcome, UPLOAD),
    Route("GET", "/welcome/people", welcome_people, OWN),
    Route("GET", "/welcome/kwip", welcome_kwip, OWN),
)
