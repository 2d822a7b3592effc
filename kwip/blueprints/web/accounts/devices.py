"""Notifications on this device: the subscription of a browser to Web Push."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.pages import form_policy, go, problem
from kwip.domain.errors import InvalidError
from kwip.schemas.forms import ActForm
from kwip.schemas.timelines.push import DeviceForm, RenewedForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def subscribe_device() -> Response:
    """Subscribe this session's browser, as its script asks."""
    try:
        target = http.load_form(DeviceForm())
        http.services().push_subscriptions.subscribe(http.signed_in(), target)
    except InvalidError as error:
        return problem(error)
    return go(_page(), gettext("Notifications are on."))


def unsubscribe_device() -> Response:
    """End the subscription of this session's browser."""
    http.load_form(ActForm())
    http.services().push_subscriptions.unsubscribe(http.signed_in())
    return go(_page(), gettext("Notifications are off."))


def renew_device() -> Response:
    """Take a browser's new subscription in place of one that it had."""
    renewed = http.load_form(RenewedForm())
    http.services().push_subscriptions.renew(*renewed)
    return http.answer({})


def _page() -> str:
    return url_for("web.notification_settings")


_FORM = form_policy("pages")
#: The secret that only the browser and the site know is enough: a service worker has no
#: form token.
_RENEWAL = Policy(auth="none", scope=None, quota="pages", cache="never", csrf="none")

ROUTES = (
    Route("POST", "/settings/notifications/device", subscribe_device, _FORM),
    Route("POST", "/settings/notifications/device/remove", unsubscribe_device, _FORM),
    Route("POST", "/push/renewed", renew_device, _RENEWAL),
)
