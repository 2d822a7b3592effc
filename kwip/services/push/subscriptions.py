"""The subscriptions of a viewer's browsers and apps, one for each session or token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import first_id_at
from kwip.domain.messages import lazy_gettext
from kwip.domain.push import PushPolicy, PushSubscription, PushTarget
from kwip.services.outgoing.connections import FetchError
from kwip.services.push.encryption import check

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kwip.domain.accounts.two_factor import SealedKey
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.timelines.notifications import NotificationKind
    from kwip.services.outgoing.fetching import Fetcher
    from kwip.services.push.encryption import Vapid
    from kwip.store.push.subscriptions import PushSubscriptionStore

#: A device is looked at this often even if nothing is known to be new: its process may
#: have died between a notification and its job.
EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOptions:
    """What an app wants to be told, and its token, which it finds in each message."""

    kinds: frozenset[NotificationKind]
    policy: PushPolicy
    token: str


@dataclass(frozen=True, slots=True)
class PushSubscriptions:
    """Subscribe the device that makes a request, and end that."""

    store: PushSubscriptionStore
    vapid: Vapid
    fetcher: Fetcher
    seal: Callable[[str], SealedKey]
    clock: ClockMs

    @property
    def public_key(self) -> str:
        """The key that devices subscribe with; loads a library of 10 MB once."""
        return self.vapid.public_key

    def subscribe(
        self, viewer: Viewer, target: PushTarget, options: AppOptions | None = None
    ) -> PushSubscription:
        """Subscribe the viewer's session, or with `options` their token.

        It replaces an earlier one, and is told of what happens from now on.

        Raises:
            InvalidError: The address or a key cannot be used; `fields` says which.
        """
        now_ms = self.clock()
        subscription = PushSubscription(
            user_id=viewer.id,
            digest=viewer.digest,
            holder="session" if options is None else "token",
            target=self._checked(target),
            above=first_id_at(now_ms),
            kinds=frozenset() if options is None else options.kinds,
            policy=PushPolicy.ALL if options is None else options.policy,
            token=None if options is None else self.seal(options.token),
        )
        now = at(now_ms)
        self.store.save(subscription, now, now + EVERY)
        return subscription

    def get(self, viewer: Viewer) -> PushSubscription:
        """Return the subscription of the viewer's session or token; one query.

        Raises:
            NotFoundError: There is none.
        """
        found = self.find(viewer)
        if found is None:
            raise _missing()
        return found

    def find(self, viewer: Viewer) -> PushSubscription | None:
        """Find the subscription of the viewer's session or token; one query."""
        return self.store.find(_id_of(viewer))

    def choose(
        self, viewer: Viewer, kinds: Collection[NotificationKind], policy: PushPolicy
    ) -> PushSubscription:
        """Change what the viewer's app is told.

        Raises:
            NotFoundError: It has no subscription.
        """
        found = self.store.choose(_id_of(viewer), kinds, policy)
        if found is None:
            raise _missing()
        return found

    def renew(self, endpoint: str, auth: str, target: PushTarget) -> None:
        """Change where a browser is told, by the secret that only it and we know.

        The address alone is not enough: its push service knows it, and must not read
        what is sent. What we do not know changes nothing.

        Raises:
            InvalidError: The new address or a key cannot be used.
        """
        self.store.move(endpoint, auth, self._checked(target))

    def unsubscribe(self, viewer: Viewer) -> None:
        """End the subscription of the viewer's session or token, if there is one."""
        self.store.drop(_id_of(viewer))

    def _checked(self, target: PushTarget) -> PushTarget:
        wrong: dict[str, str] = {}
        p256dh = auth = ""
        try:
            self.fetcher.check_endpoint(target.endpoint)
        except FetchError:
            wrong["endpoint"] = lazy_gettext("Use the https address of a push service.")
        try:
            p256dh, auth = check(target.p256dh, target.auth)
        except ValueError:
            wrong["keys"] = lazy_gettext(
                "Send the keys that the push service gave you."
            )
        if wrong:
            raise InvalidError(lazy_gettext("This device can't be subscribed."), wrong)
        return PushTarget(
            endpoint=target.endpoint,
            p256dh=p256dh,
            auth=auth,
            is_standard=target.is_standard,
        )


def _id_of(viewer: Viewer) -> str:
    return f"{viewer.id}:{viewer.digest}"


def _missing() -> NotFoundError:
    return NotFoundError(lazy_gettext("There is no push subscription."))
