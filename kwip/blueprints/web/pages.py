"""What all pages share: policies, rendering, forms shown again, the way back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response, flash, make_response, redirect, render_template, request

from kwip.blueprints import errors, http
from kwip.blueprints.table import Policy, Quota
from kwip.domain.errors import InvalidError
from kwip.schemas.forms import ActForm
from kwip.schemas.pages import OwnPageQuery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.accounts.users import User
    from kwip.domain.errors import KwipError
    from kwip.domain.social.keyword_filters import FilterContext
    from kwip.domain.timelines.pages import PageRequest

#: Pages for everyone, and pages for signed-in users.
OPEN = Policy(
    auth="optional",
    scope=None,
    quota="pages",
    cache="private",
    csrf="none",
    secondaries="visitors",
)
OWN = Policy(auth="user", scope=None, quota="pages", cache="private", csrf="none")
#: Timelines and threads, which are requested again and again.
CACHED_OPEN = replace(OPEN, page_cache="page")
CACHED_OWN = replace(OWN, page_cache="page")
CACHED_HOME = replace(OWN, page_cache="home")
#: Parts of pages that a script requests once.
OPEN_PART = replace(OPEN, cache="never")
CACHED_PART = replace(OPEN_PART, cache="private", page_cache="page")
OWN_PART = Policy(auth="user", scope=None, quota="pages", cache="never", csrf="none")
#: A page that shows a secret: no copy is stored.
SECRET = Policy(auth="user", scope=None, quota="pages", cache="never", csrf="none")


def form_policy(quota: Quota) -> Policy:
    """Return the policy of a form for signed-in users only."""
    return Policy(auth="user", scope=None, quota=quota, cache="never", csrf="form")


@dataclass(frozen=True, slots=True)
class Form:
    """What a form shows: the values, and what is wrong with them.

    `has_lost_files` is true if files were sent, which a browser does not keep.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    has_lost_files: bool = False

    @property
    def first_wrong(self) -> str | None:
        """The first field to correct, where the page opens."""
        return next(iter(self.wrong), None)


def own_user() -> User:
    """Return the user who is signed in, with everything about them."""
    return http.services().users.me(http.signed_in(), http.loader())


def timeline_request(context: FilterContext) -> PageRequest:
    """Read which page of a timeline is asked for, and what is done with repeats.

    If the address does not say, the viewer's setting applies; visitors see them folded.
    The viewer's filters for `context` apply.

    Raises:
        InvalidError: A parameter has an invalid value.
    """
    viewer = http.viewer()
    folds = viewer is None or own_user().folds_repeats
    return http.load_query(OwnPageQuery(context, folds_repeats=folds))


def page(template: str, **context: object) -> Response:
    """Respond with a page.

    A viewer who has yet to confirm an email address is reminded, and nothing is cached.
    """
    viewer = http.viewer()
    if viewer is not None and http.services().email_address.is_lacking(viewer):
        http.loader().bypass()
        context["lacks_email"] = True
    return make_response(render_template(template, **context))


def page_again(template: str, error: KwipError, **context: object) -> Response:
    """Respond with a form's page again, with what was sent and what to correct."""
    if errors.number_of(error) >= errors.SERVER_ERROR:
        errors.note(error)
    if http.is_script():
        return problem(error)
    response = page(template, form=form_again(error), **context)
    response.status_code = errors.number_of(error)
    errors.say_when(response, error)
    return response


def problem(error: KwipError) -> Response:
    """Respond to a script with what is wrong in the form that it sent."""
    fields = error.fields if isinstance(error, InvalidError) else {}
    return http.problem(error.message, fields, errors.number_of(error))


def form_again(error: KwipError) -> Form:
    """Return the form with what was sent, and what is wrong with it."""
    wrong = error.fields if isinstance(error, InvalidError) else {}
    # A problem that is shown next to a field is not shown twice.
    beside = wrong.keys() & {*request.form.keys(), *request.files.keys()}
    has_files = any(file.filename for file in request.files.values())
    return Form(request.form, wrong, "" if beside else error.message, has_files)


def go(address: str, message: str = "", **more: str) -> Response:
    """Redirect after a form to a page that shows the message.

    A page's script gets both as data instead, with `more`.
    """
    said = str(message)  # in the reader's language
    if http.is_script():
        return http.answer({"message": said, "location": address, **more})
    if said:
        flash(said)
    return make_response(redirect(address, 303))


def way_back(otherwise: str) -> str:
    """Return the form's address to go back to, if it is a page of ours."""
    return local_or(http.load_form(ActForm()), otherwise)


def local_or(address: str, otherwise: str) -> str:
    """Return an address if it is a page of ours."""
    return address if is_local(address) else otherwise


def is_local(address: str) -> bool:
    r"""Return whether an address is a path on this site and nothing else.

    Browsers skip tabs and line ends, and read `\` as `/`: it must not contain any of
    them.
    """
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return False
    if any(c.isspace() or not c.isprintable() for c in address):
        return False
    parts = urlsplit(address)
    return not (parts.scheme or parts.netloc)
