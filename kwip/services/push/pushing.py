"""Send notifications to a device: by a job that knows how far the device was told.

The notifications themselves are what is to be sent, so nothing is stored for each
device that gets one, and none is lost with a process. A worker has a lease on the
device. It notes each message right after the push service's OK, so one is sent twice
only if the worker dies between these two; then it has the same topic, and replaces the
first one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.domain.accounts.users import Viewer
from kwip.domain.clock import at, to_ms
from kwip.domain.errors import InvalidError
from kwip.domain.ids import first_id_at
from kwip.domain.push import FRESH_FOR, GIVEN_UP_AFTER, PushPolicy
from kwip.domain.retries import pause_after
from kwip.domain.social.keyword_filters import FilterContext, Filtering
from kwip.domain.timelines.notifications import NotificationKind, Selection
from kwip.domain.timelines.pages import PageRequest
from kwip.services.delivery.push_wakes import PUSH
from kwip.services.outgoing.connections import FetchError
from kwip.services.push.encryption import encrypt
from kwip.services.push.subscriptions import EVERY

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from kwip.domain.accounts.two_factor import SealedKey
    from kwip.domain.clock import ClockMs
    from kwip.domain.push import PushSubscription
    from kwip.domain.timelines.notifications import NotificationView
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.mail.recipients import Recipients
    from kwip.services.outgoing.fetching import Answered, Fetcher
    from kwip.services.push.encryption import Vapid
    from kwip.services.push.messages import PushMessages
    from kwip.services.reading.loader import Loaders
    from kwip.services.reading.stores import Stores
    from kwip.services.timelines.notifications import Notifications
    from kwip.store.mail.preferences import MailPreferenceStore
    from kwip.store.push.subscriptions import PushSubscriptionStore

log = structlog.get_logger()

#: Longer than all messages of a job, and then another worker sends what is left.
LEASE = timedelta(minutes=5)
#: The most at once. Of more, a device is told of the newest ones.
MOST = 20
#: Notifications of different processes may be stored in another order than that of
#: their ids, so those of this time are looked at again.
_OVERLAP_MS = 60_000
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
#: A push service may ask to wait for so long.
_LONGEST_WAIT = timedelta(hours=6)


class _RefusedError(Exception):
    """A push service does not take a message now; it says why, and until when."""

    def __init__(self, problem: str, wait: timedelta = timedelta()):
        super().__init__(problem)
        self.problem = problem
        self.wait = wait


class _GoneError(Exception):
    """The subscription has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """Read what a device was not told yet, and send it."""

    store: PushSubscriptionStore
    preferences: MailPreferenceStore
    stores: Stores
    notifications: Notifications
    loaders: Loaders
    messages: PushMessages
    recipients: Recipients
    vapid: Vapid
    fetcher: Fetcher
    unseal: Callable[[SealedKey], str]
    enqueue: Enqueue
    clock: ClockMs

    def settle(self, subscription_id: str) -> str:
        """Tell a device what is new; return the outcome of the job."""
        worker, now = secrets.token_hex(8), at(self.clock())
        until = now + LEASE
        found = self.store.begin(subscription_id, worker, now, until)
        if found is None:
            return "nothing"
        try:
            with self.recipients.writing_to(found.user_id):
                sent = self._send(found, worker)
        except _GoneError:
            self.store.drop(found.id)
            telemetry.PUSHES.labels("gone").inc()
            return "gone"
        except _RefusedError as error:
            return self._fail(found, worker, error)
        ended_ms = self.clock()
        is_idle = self.store.rest(
            found.id,
            worker,
            above=max(found.above, first_id_at(ended_ms - _OVERLAP_MS)),
            until=until,
            now=at(ended_ms),
            due_at=at(ended_ms) + EVERY,
        )
        if not is_idle:
            self.enqueue(PUSH, found.id)
        return "done" if sent else "nothing"

    def _send(self, subscription: PushSubscription, worker: str) -> int:
        """Send what is new, the oldest first; count it.

        Raises:
            _GoneError: The device, its session or its token is no more.
            _RefusedError: The push service does not take it.
        """
        viewer = self._holder(subscription)
        if viewer is None:
            return 0
        sent = 0
        for view in self._new(subscription, viewer):
            if self._push(subscription, view):
                sent += 1
            if not self.store.pushed(subscription.id, worker, view.id):
                break
        return sent

    def _holder(self, subscription: PushSubscription) -> Viewer | None:
        """Return whose device it is; None if they are suspended or have left.

        Raises:
            _GoneError: The session or the token has ended.
        """
        keys = (
            self.stores.sessions
            if subscription.holder == "session"
            else self.stores.tokens
        )
        key = keys.find(subscription.user_id, subscription.digest)
        if key is None or (key.expires_at and key.expires_at <= at(self.clock())):
            raise _GoneError
        user = self.stores.users.get_many([key.user_id]).get(key.user_id)
        if user is None or user.is_suspended:
            return None
        return Viewer.without_session(user.id, user.username)

    def _new(
        self, subscription: PushSubscription, viewer: Viewer
    ) -> list[NotificationView]:
        """Return what the device was not told yet, as its page would show it now.

        Nothing that was seen meanwhile, or is too old to be news.
        """
        kinds = subscription.kinds
        if subscription.holder == "session":
            # What moderators decide is not a matter of choice.
            chosen = self.preferences.find(viewer.id).push_kinds
            kinds = chosen | {NotificationKind.MODERATION}
        if not kinds or subscription.policy is PushPolicy.NONE:
            return []
        oldest = first_id_at(self.clock() - int(FRESH_FOR.total_seconds() * 1_000))
        page = PageRequest(
            limit=MOST,
            since_id=max(subscription.above, oldest),
            filtering=Filtering(context=FilterContext.NOTIFICATIONS),
        )
        loader = self.loaders.begin()
        found = self.notifications.page(viewer, loader, page, Selection(kinds))
        views = [
            view
            for view in found.items
            if view.is_new and view.id not in subscription.pushed
        ]
        return self._by_policy(subscription, views)[::-1]

    def _by_policy(
        self, subscription: PushSubscription, views: list[NotificationView]
    ) -> list[NotificationView]:
        if subscription.policy is PushPolicy.ALL or not views:
            return views
        owner = subscription.user_id
        actors = {view.actor.id for view in views}
        wanted = [owner, *actors]
        relations = self.stores.relationships.relations(wanted)
        if subscription.policy is PushPolicy.FOLLOWED:
            allowed = actors & relations[owner].follows
        else:
            allowed = {each for each in actors if owner in relations[each].follows}
        return [view for view in views if view.actor.id in allowed]

    def _push(self, subscription: PushSubscription, view: NotificationView) -> bool:
        """Send one message; False if it can never be sent.

        Raises:
            _GoneError: The device is no more.
            _RefusedError: The push service does not take it now.
        """
        target = subscription.target
        payload = self.messages.payload(
            self.messages.write(view), self._token(subscription)
        )
        body, headers = encrypt(payload, target)
        proof = dict(
            self.vapid.headers(target.endpoint, is_standard=target.is_standard)
        )
        keys = [h["Crypto-Key"] for h in (headers, proof) if "Crypto-Key" in h]
        age = at(self.clock()) - view.created_at
        sent = {
            **proof,
            **headers,
            **({"Crypto-Key": ";".join(keys)} if keys else {}),
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, int((FRESH_FOR - age).total_seconds()))),
            "Topic": str(view.id),
            "Urgency": "normal",
        }
        try:
            answer = self.fetcher.post(target.endpoint, sent, body)
        except FetchError as error:
            raise _RefusedError(error.outcome) from error
        return self._is_taken(answer)

    def _token(self, subscription: PushSubscription) -> str:
        """Return the token of an app; "" for browsers, which must not get theirs."""
        if subscription.token is None:
            return ""
        try:
            return self.unseal(subscription.token)
        except InvalidError:  # sealed with a key that was removed
            return "unknown"

    def _is_taken(self, answer: Answered) -> bool:
        status = answer.status
        if status in _GONE:
            raise _GoneError
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            telemetry.PUSHES.labels("too_large").inc()
            return False
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise _RefusedError(str(status), self._wait(answer.retry_after))
        telemetry.PUSHES.labels("sent").inc()
        return True

    def _wait(self, retry_after: str) -> timedelta:
        """Read the header `Retry-After`: seconds, or a date."""
        if retry_after.strip().isdecimal():
            wait = timedelta(seconds=min(int(retry_after[:9]), 1_000_000))
        else:
            try:
                then = to_ms(parsedate_to_datetime(retry_after))
            except (ValueError, TypeError):
                return timedelta()
            wait = timedelta(milliseconds=then - self.clock())
        return min(max(wait, timedelta()), _LONGEST_WAIT)

    def _fail(
        self, subscription: PushSubscription, worker: str, error: _RefusedError
    ) -> str:
        now: dt.datetime = at(self.clock())
        since = subscription.failing_since or now
        if now - since >= GIVEN_UP_AFTER:
            self.store.drop(subscription.id)
            telemetry.PUSHES.labels("given_up").inc()
            log.warning(
                "push_given_up",
                user_id=str(subscription.user_id),
                attempts=subscription.attempts,
                reason=error.problem,
            )
            return "gone"
        wait = max(pause_after(subscription.attempts + 1), error.wait)
        self.store.failed(subscription.id, worker, now, now + wait, error.problem)
        telemetry.PUSHES.labels("later").inc()
        return "later"
