"""The subscription of an app to notifications by Web Push: one for each token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.schemas.timelines.push import (
    PushAlertsBody,
    PushSubscriptionBody,
    PushSubscriptionSchema,
    SubscriptionView,
)
from kwip.services.push.subscriptions import AppOptions

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.push import PushSubscription


def push_subscription() -> Response:
    """Return the subscription of this token."""
    return _answer(http.services().push_subscriptions.get(http.signed_in()))


def subscribe_to_push() -> Response:
    """Subscribe this token, instead of an earlier subscription."""
    target, alerts = http.load_body(PushSubscriptionBody())
    token = request.headers["Authorization"].partition(" ")[2].strip()
    options = AppOptions(kinds=alerts.kinds, policy=alerts.policy, token=token)
    service = http.services().push_subscriptions
    return _answer(service.subscribe(http.signed_in(), target, options))


def change_push_subscription() -> Response:
    """Change what this token's subscription is for."""
    alerts = http.load_body(PushAlertsBody())
    service = http.services().push_subscriptions
    return _answer(service.choose(http.signed_in(), alerts.kinds, alerts.policy))


def unsubscribe_from_push() -> Response:
    """End the subscription of this token, if there is one."""
    http.services().push_subscriptions.unsubscribe(http.signed_in())
    return http.answer({})


def _answer(found: PushSubscription) -> Response:
    key = http.services().push_subscriptions.public_key
    return http.answer_dumped(PushSubscriptionSchema, SubscriptionView(found, key))


_PUSH = Policy(auth="token", scope="push", quota="api", cache="never", csrf="none")
_PATH = "/api/v1/push/subscription"

ROUTES = (
    Route("GET", _PATH, push_subscription, _PUSH),
    Route("POST", _PATH, subscribe_to_push, _PUSH),
    Route("PUT", _PATH, change_push_subscription, _PUSH),
    Route("DELETE", _PATH, unsubscribe_from_push, _PUSH),
)
