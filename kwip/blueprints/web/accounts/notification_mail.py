"""Which notifications come to pages, by mail and to devices; the end of mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request, url_for

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.accounts.email import LINK, known
from kwip.blueprints.web.pages import (
    SECRET,
    Form,
    form_policy,
    go,
    own_user,
    page,
    page_again,
)
from kwip.domain.errors import InvalidError
from kwip.domain.timelines.notifications import KINDS
from kwip.schemas.accounts.mail import KeyQuery, NotificationMailForm, StaffMailForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def notification_settings() -> Response:
    """Show which notifications the viewer gets here, by mail and on devices."""
    chosen = http.services().notification_mail.chosen(http.signed_in())
    values = {kind.value: "1" if kind in chosen.kinds else "" for kind in KINDS}
    form = Form(values | {"frequency": chosen.frequency.value})
    return page(
        "settings_notifications.html",
        form=form,
        pushed={kind.value for kind in chosen.push_kinds},
        shown={kind.value for kind in KINDS if kind not in chosen.hidden_kinds},
        **_known(),
    )


def save_notification_settings() -> Response:
    """Save which notifications the viewer gets here, by mail and on devices."""
    try:
        wanted = http.load_form(NotificationMailForm())
    except InvalidError as error:
        return page_again(
            "settings_notifications.html",
            error,
            pushed=request.form.getlist("push[]"),
            shown=request.form.getlist("shown[]"),
            **_known(),
        )
    http.services().notification_mail.choose(http.signed_in(), wanted)
    return go(url_for("web.notification_settings"), gettext("Changes saved."))


def save_staff_mail() -> Response:
    """Save what moderators get mail about: reports, requests to join."""
    wanted = http.load_form(StaffMailForm())
    http.services().staff_mail.choose(http.signed_in(), wanted)
    return go(url_for("web.notification_settings"), gettext("Changes saved."))


def _known() -> dict[str, object]:
    """Return the viewer's address and the subscription of this session.

    For staff also what they get mail about.
    """
    found = known()
    devices = http.services().push_subscriptions
    found["device"] = devices.find(http.signed_in())
    found["push_key"] = devices.public_key
    if own_user().role.is_staff:
        found["staff_topics"] = http.services().staff_mail.wants(http.signed_in())
    return found


def unsubscribe() -> Response:
    """Ask whether to end mail about notifications."""
    key = http.load_query(KeyQuery())
    http.services().notification_mail.owner_of(key)
    return page("unsubscribe.html", key=key)


def unsubscribe_now() -> Response:
    """End mail about notifications, for a page or for a program of mail."""
    http.services().notification_mail.unsubscribe(http.load_query(KeyQuery()))
    return page("unsubscribed.html")


#: The signed key in the address is enough: programs of mail have no cookie.
_ONE_CLICK = Policy(auth="none", scope=None, quota="pages", cache="never", csrf="none")

ROUTES = (
    Route("GET", "/settings/notifications", notification_settings, SECRET),
    Route(
        "POST",
        "/settings/notifications",
        save_notification_settings,
        form_policy("pages"),
    ),
    Route(
        "POST",
        "/settings/notifications/staff",
        save_staff_mail,
        form_policy("pages"),
    ),
    Route("GET", "/email/unsubscribe", unsubscribe, LINK),
    Route("POST", "/email/unsubscribe", unsubscribe_now, _ONE_CLICK),
)
