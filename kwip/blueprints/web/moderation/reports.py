"""Report a kwip or a person: a form, and a page that says what happens next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, Form, form_policy, go, page, page_again
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.moderation.reports import COMMENT_MAX
from kwip.schemas.moderation.reports import ReportForm, ReportQuery
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.accounts.site import SiteRule
    from kwip.domain.ids import PostId
    from kwip.domain.timelines.views import PostView, UserView


def report_post(username: str, post_id: PostId) -> Response:
    """Show the form to report a kwip, and quote the guest's reply that is wrong."""
    view, guest_id = _shown(username, post_id), http.load_query(ReportQuery())
    form = Form() if guest_id is None else Form(values=_quoted(post_id, guest_id))
    return page("report.html", form=form, user=view.author, view=view, rules=_rules())


def send_report_of_post(username: str, post_id: PostId) -> Response:
    """Report a kwip."""
    view = _shown(username, post_id)
    return _send(username, view)


def report_user(username: str) -> Response:
    """Show the form to report a person."""
    user = _of(username).user
    return page("report.html", form=Form(), user=user, view=None, rules=_rules())


def send_report_of_user(username: str) -> Response:
    """Report a person."""
    return _send(username, None)


def report_sent(username: str) -> Response:
    """Say what happens next, and offer to mute or block."""
    return page("report_sent.html", view=_of(username))


def _send(username: str, view: PostView | None) -> Response:
    user = _of(username).user
    try:
        asked = replace(
            http.load_form(ReportForm()),
            target_id=user.id,
            post_ids=() if view is None else (view.post.id,),
        )
        http.services().reports.create(http.signed_in(), asked)
    except InvalidError as error:
        shown = {"user": user, "view": view, "rules": _rules()}
        return page_again("report.html", error, **shown)
    return go(url_for("web.report_sent", username=username))


def _quoted(post_id: PostId, guest_id: int) -> dict[str, str]:
    reply = http.services().guest_replies.find_shown(guest_id)
    if reply.post_id != post_id:
        raise NotFoundError(gettext("Kwip not found."), post_id=post_id)
    comment = gettext(
        "Reply by the guest %(name)s: %(text)s", name=reply.name, text=reply.text
    )
    return {"comment": comment[:COMMENT_MAX]}


def _rules() -> tuple[SiteRule, ...]:
    return http.services().site.current().rules


def _of(username: str) -> UserView:
    return http.services().users.by_name(http.viewer(), http.loader(), username)


def _shown(username: str, post_id: PostId) -> PostView:
    """Find a kwip by its address.

    Raises:
        NotFoundError: There is none for this viewer, or its author has another name.
    """
    view = http.services().posts.get(http.viewer(), http.loader(), post_id)
    if view.author.username != username or view.reposted:
        raise NotFoundError(gettext("Kwip not found."), post_id=post_id)
    return view


_REPORT = form_policy("reports")
_POST_RULE, _USER_RULE = "/@<name:username>/<id:post_id>", "/@<name:username>"

ROUTES = (
    Route("GET", f"{_POST_RULE}/report", report_post, OWN),
    Route("POST", f"{_POST_RULE}/report", send_report_of_post, _REPORT),
    Route("GET", f"{_USER_RULE}/report", report_user, OWN),
    Route("POST", f"{_USER_RULE}/report", send_report_of_user, _REPORT),
    Route("GET", f"{_USER_RULE}/report/sent", report_sent, OWN),
)
