"""The page on which staff find public kwips and act on them, or on guests' replies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, local_or, page, page_again
from kwip.domain.accounts.roles import Permission
from kwip.domain.errors import ForbiddenError, InvalidError
from kwip.domain.moderation.reports import MAX_POSTS
from kwip.domain.timelines.pages import Page
from kwip.schemas.moderation.guest_replies import GuestRemovalForm
from kwip.schemas.moderation.kwips import KwipActsForm, KwipsQuery
from kwip.services.moderation.execution import reason_of
from kwip.text.translation import gettext, ngettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.timelines.views import PostView
    from kwip.schemas.moderation.kwips import KwipsInput

_MAY = Permission.ACT_ON_REPORTS


def kwips() -> Response:
    """Search public kwips by words, author and date."""
    asked = http.load_query(KwipsQuery())
    nothing: Page[PostView] = Page(items=())
    try:
        return page("admin_kwips.html", **_found(asked), form=Form())
    except InvalidError as error:
        return page_again("admin_kwips.html", error, asked=asked, page=nothing)


def act_on_kwips() -> Response:
    """Delete kwips, or mark them as sensitive."""
    asked, decision = http.load_form(KwipActsForm())
    try:
        order = by_viewer(_MAY, reason_of(decision.text))
        strikes = http.services().post_acts.act(http.signed_in(), order, decision)
    except (InvalidError, ForbiddenError) as error:
        http.begin_loader()
        return page_again("admin_kwips.html", error, **_found(asked))
    count = sum(len(strike.posts) for strike in strikes)
    message = ngettext(
        "Done, for %(num)s kwip. Its author gets an email.",
        "Done, for %(num)s kwips. Their authors get an email.",
        count,
    )
    return go(url_for("web.kwips") + http.query(**asked.words()), message)


def delete_guest_reply() -> Response:
    """Delete a guest's reply that is shown below somebody's kwip."""
    asked = http.load_form(GuestRemovalForm())
    order = by_viewer(_MAY, asked.reason)
    http.services().guest_replies.moderate(order, asked.guest_id)
    back = local_or(asked.address, url_for("web.kwips"))
    return go(back, gettext("Reply deleted."))


def _found(asked: KwipsInput) -> dict[str, object]:
    nothing: Page[PostView] = Page(items=())
    request = replace(asked.page, limit=MAX_POSTS)
    found = (
        http.services().post_acts.find(http.loader(), asked.query, request)
        if asked.query
        else nothing
    )
    return {"asked": asked, "page": found}


ROUTES = (
    Route("GET", "/admin/kwips", kwips, page_policy(_MAY)),
    Route("POST", "/admin/kwips", act_on_kwips, form_policy(_MAY)),
    Route("POST", "/admin/guests/delete", delete_guest_reply, form_policy(_MAY)),
)
