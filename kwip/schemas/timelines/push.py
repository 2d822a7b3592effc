"""Push subscriptions: Mastodon's WebPushSubscription, its bodies, and a browser's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import fields, validate

from kwip.domain.push import PushPolicy, PushTarget
from kwip.domain.timelines.notifications import APP_TYPES, NotificationKind
from kwip.schemas.body import BodySchema, Flag, StrictSchema, Text
from kwip.schemas.dumping import DumpSchema
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.push import PushSubscription

#: Mastodon's words for what Kwip does not notify of. Apps ask for them too.
_NEVER = ("update", "admin.sign_up", "admin.report")
_MISSING: dict[str, Any] = {"required": lazy_gettext("Fill in this field.")}


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A subscription for an app, and the public key of the site."""

    subscription: PushSubscription
    server_key: str


class PushSubscriptionSchema(DumpSchema):
    """A `SubscriptionView` as Mastodon's WebPushSubscription."""

    # A number: some apps cannot read a text here, nor more than 32 bits.
    id = fields.Integer(attribute="subscription.number")
    endpoint = fields.String(attribute="subscription.target.endpoint")
    standard = fields.Boolean(attribute="subscription.target.is_standard")
    alerts = fields.Method("get_alerts")
    policy = fields.Function(lambda view: view.subscription.policy.value)
    server_key = fields.String()

    def get_alerts(self, view: SubscriptionView) -> dict[str, bool]:
        """Return what the app is told, by Mastodon's words."""
        chosen = {APP_TYPES[kind] for kind in view.subscription.kinds}
        words = dict.fromkeys((*APP_TYPES.values(), *_NEVER))
        return {word: word in chosen for word in words}


class Alerts(NamedTuple):
    """What an app is to be told of, and by whom it must be."""

    kinds: frozenset[NotificationKind]
    policy: PushPolicy


class _KeysBody(BodySchema["tuple[str, str]"]):
    """The keys of a device, as its browser or system gives them."""

    p256dh = Text(max_chars=200, required=True, error_messages=_MISSING)
    auth = Text(max_chars=200, required=True, error_messages=_MISSING)

    def make(self, *, p256dh: str, auth: str) -> tuple[str, str]:
        """Return both."""
        return p256dh, auth


class _TargetBody(BodySchema[PushTarget]):
    """`subscription`: where to send."""

    endpoint = Text(required=True, error_messages=_MISSING)
    keys = fields.Nested(_KeysBody, required=True, error_messages=_MISSING)
    standard = Flag(load_default=False)

    def make(
        self, *, endpoint: str, keys: tuple[str, str], standard: bool
    ) -> PushTarget:
        """Build the target."""
        p256dh, auth = keys
        return PushTarget(
            endpoint=endpoint, p256dh=p256dh, auth=auth, is_standard=standard
        )


class _DataBody(BodySchema[Alerts]):
    """`data`: `alerts[<type>]` and `policy`; a type that is not named is not sent."""

    alerts = fields.Dict(keys=fields.String(), values=Flag(), load_default=dict)
    policy = fields.String(
        load_default=PushPolicy.ALL.value,
        validate=validate.OneOf(
            list(PushPolicy), error=lazy_gettext("Must be one of: {choices}.")
        ),
    )

    def make(self, *, alerts: dict[str, bool], policy: str) -> Alerts:
        """Build the value."""
        kinds = {kind for kind, word in APP_TYPES.items() if alerts.get(word)}
        return Alerts(frozenset(kinds), PushPolicy(policy))


_NO_ALERTS = Alerts(frozenset(), PushPolicy.ALL)


class PushSubscriptionBody(BodySchema["tuple[PushTarget, Alerts]"]):
    """A subscription, and what it is for."""

    subscription = fields.Nested(_TargetBody, required=True, error_messages=_MISSING)
    data = fields.Nested(_DataBody, load_default=_NO_ALERTS)

    def make(
        self, *, subscription: PushTarget, data: Alerts, **_: Any
    ) -> tuple[PushTarget, Alerts]:
        """Return both."""
        return subscription, data


class PushAlertsBody(BodySchema[Alerts]):
    """What a subscription is for, from now on."""

    data = fields.Nested(_DataBody, load_default=_NO_ALERTS)
    policy = fields.String(load_default="")

    def make(self, *, data: Alerts, policy: str) -> Alerts:
        """Return it; older apps send the policy beside the data."""
        known = {each.value for each in PushPolicy}
        return data._replace(policy=PushPolicy(policy)) if policy in known else data


class DeviceForm(StrictSchema[PushTarget]):
    """A browser's subscription, as its script sends it."""

    endpoint = Text(required=True, error_messages=_MISSING)
    p256dh = Text(max_chars=200, required=True, error_messages=_MISSING)
    auth = Text(max_chars=200, required=True, error_messages=_MISSING)

    def make(self, *, endpoint: str, p256dh: str, auth: str) -> PushTarget:
        """Build the target."""
        return PushTarget(endpoint=endpoint, p256dh=p256dh, auth=auth, is_standard=True)


class Renewed(NamedTuple):
    """A browser's new subscription; the address and the secret of the one before."""

    endpoint: str
    auth: str
    target: PushTarget


class RenewedForm(StrictSchema[Renewed]):
    """What a service worker sends when its browser has changed its subscription."""

    old = Text(required=True, error_messages=_MISSING)
    old_auth = Text(max_chars=200, required=True, error_messages=_MISSING)
    endpoint = Text(required=True, error_messages=_MISSING)
    p256dh = Text(max_chars=200, required=True, error_messages=_MISSING)
    auth = Text(max_chars=200, required=True, error_messages=_MISSING)

    def make(
        self, *, old: str, old_auth: str, endpoint: str, p256dh: str, auth: str
    ) -> Renewed:
        """Build the value."""
        target = PushTarget(
            endpoint=endpoint, p256dh=p256dh, auth=auth, is_standard=True
        )
        return Renewed(old, old_auth, target)
