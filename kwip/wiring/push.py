"""Make the services of `kwip.services.push`."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from kwip import __version__
from kwip.schemas.urls import Urls
from kwip.services.bundle import Push
from kwip.services.outgoing.fetching import Fetcher
from kwip.services.push.encryption import Vapid
from kwip.services.push.messages import PushMessages
from kwip.services.push.pushing import Pushing
from kwip.services.push.subscriptions import PushSubscriptions
from kwip.store.push.subscriptions import PushSubscriptionStore

if TYPE_CHECKING:
    from kwip.services.bundle import Mailing, Reading
    from kwip.wiring.core import Core


def make_push(core: Core, reading: Reading, mail: Mailing) -> Push:
    """Make them from the shared parts, the notifications and their sentences."""
    settings, clock = core.settings, core.options.clock
    store = PushSubscriptionStore(core.store)
    is_secure = settings.origin.startswith("https:")
    address = parseaddr(settings.mail_from)[1]
    subject = settings.origin if is_secure else f"mailto:{address}"
    vapid = Vapid(core.push_key, subject, clock)
    fetcher = Fetcher(
        user_agent=f"Kwip/{__version__} (Web Push; +{settings.origin}/)",
        allowed=settings.push_allow,
    )
    urls = Urls(settings.origin, settings.media_url)
    return Push(
        push_subscriptions=PushSubscriptions(
            store, vapid, fetcher, core.sealer.seal, clock
        ),
        pushing=Pushing(
            store=store,
            preferences=mail.notification_mail.store,
            stores=core.stores,
            notifications=reading.notifications,
            loaders=core.loaders,
            recipients=mail.mails.recipients,
            messages=PushMessages(mail.mails.site, urls.avatar),
            vapid=vapid,
            fetcher=fetcher,
            unseal=core.sealer.unseal,
            enqueue=core.enqueue,
            clock=clock,
        ),
    )
