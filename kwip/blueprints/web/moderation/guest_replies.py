"""Replies of people without an account: written, confirmed by a link, decided about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request, url_for

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.pages import (
    OPEN_PART,
    SECRET,
    Form,
    form_policy,
    go,
    page,
    page_again,
    way_back,
)
from kwip.domain.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
)
from kwip.schemas.accounts.mail import LinkQuery
from kwip.schemas.forms import ActForm
from kwip.schemas.moderation.guest_replies import GuestPageQuery, GuestReplyForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId
    from kwip.services.moderation.guest_replies import GuestPage


def guest_replies(username: str, post_id: PostId) -> Response:
    """Show the replies of people without an account to a kwip, and their form."""
    found = _found(username, post_id, http.load_query(GuestPageQuery()))
    return page("guests.html", found=found, form=Form())


def write_guest_reply(username: str, post_id: PostId) -> Response:
    """Take a reply, and send a link to the address of whoever wrote it."""
    found, services = _found(username, post_id), http.services()
    try:
        new = http.load_form(GuestReplyForm())
        services.sign_in.ask_for_mail(
            new.email,
            request.remote_addr,
            lambda _: services.guest_replies.write(http.loader(), post_id, new),
        )
    except (InvalidError, ForbiddenError, RateLimitedError) as error:
        return page_again("guests.html", error, found=found)
    message = gettext("We've sent you a link. Open it to send your reply.")
    return go(_thread(username, post_id), message)


def guest_link() -> Response:
    """Ask whether to send a reply; only sending it does."""
    link = http.load_query(LinkQuery())
    reply = http.services().guest_replies.pending(link)
    response = page("guest_confirm.html", link=link, reply=reply)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def confirm_guest_reply() -> Response:
    """Send the reply of a link to the author of the kwip."""
    link = http.load_form(LinkQuery())
    view = http.services().guest_replies.confirm(http.loader(), link)
    message = gettext("Sent. It appears once the author approves it.")
    return go(_thread(view.author.username, view.post.id), message)


def withdraw_guest_reply() -> Response:
    """Delete the reply of a link."""
    http.services().guest_replies.withdraw(http.load_form(LinkQuery()))
    return go(
        url_for("web.landing"), gettext("Your reply and your address were deleted.")
    )


def waiting_guests() -> Response:
    """Show the replies about which the viewer is to decide."""
    found = http.services().guest_replies.waiting(http.signed_in())
    return page("settings_guests.html", found=found)


def approve_guest_reply(guest_id: int) -> Response:
    """Show a reply below the viewer's kwip."""
    http.load_form(ActForm())
    http.services().guest_replies.approve(http.signed_in(), guest_id)
    return go(url_for("web.waiting_guests"), gettext("Everyone can see the reply now."))


def remove_guest_reply(guest_id: int) -> Response:
    """Decline a reply, or remove one that is shown."""
    back = way_back(url_for("web.waiting_guests"))
    http.services().guest_replies.remove(http.signed_in(), guest_id)
    return go(back, gettext("Reply deleted."))


def _thread(username: str, post_id: PostId) -> str:
    return url_for("web.thread", username=username, post_id=post_id)


def _found(username: str, post_id: PostId, after: int = 0) -> GuestPage:
    services = http.services()
    found = services.guest_replies.page(http.viewer(), http.loader(), post_id, after)
    if found.view.author.username != username:
        raise NotFoundError(gettext("Kwip not found."), post_id=post_id)
    return found


_GUESTS = "/@<name:username>/<id:post_id>/guests"
_REPLY = "/settings/guests/<id:guest_id>"
#: Links in mails work without an account.
_LINK = Policy(auth="optional", scope=None, quota="pages", cache="never", csrf="none")
_WRITE = Policy(auth="optional", scope=None, quota="reset", cache="never", csrf="form")
_ANSWER = Policy(auth="optional", scope=None, quota="pages", cache="never", csrf="form")
_FORM = form_policy("pages")

ROUTES = (
    Route("GET", _GUESTS, guest_replies, OPEN_PART),
    Route("POST", _GUESTS, write_guest_reply, _WRITE),
    Route("GET", "/guest-reply", guest_link, _LINK),
    Route("POST", "/guest-reply", confirm_guest_reply, _ANSWER),
    Route("POST", "/guest-reply/withdraw", withdraw_guest_reply, _ANSWER),
    Route("GET", "/settings/guests", waiting_guests, SECRET),
    Route("POST", f"{_REPLY}/approve", approve_guest_reply, _FORM),
    Route("POST", f"{_REPLY}/remove", remove_guest_reply, _FORM),
)
