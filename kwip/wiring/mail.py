"""Make the services of `kwip.services.mail`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kwip.services.bundle import Mailing
from kwip.services.mail.bounces import Bounces
from kwip.services.mail.digests import Digests
from kwip.services.mail.mails import Mails
from kwip.services.mail.messages import Messages
from kwip.services.mail.notification_mail import NotificationMail
from kwip.services.mail.recipients import Recipients
from kwip.services.mail.site import Site
from kwip.services.mail.transports import transport_of
from kwip.store.mail.mails import MailStore
from kwip.store.mail.preferences import MailPreferenceStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.accounts.site import SiteSettings
    from kwip.services.bundle import Reading
    from kwip.wiring.core import Core


def make_mail(
    core: Core, reading: Reading, site_settings: Callable[[], SiteSettings]
) -> Mailing:
    """Make them from the shared parts, the notifications and the site's settings."""
    settings, clock = core.settings, core.options.clock
    host = urlsplit(settings.origin).hostname or ""
    site = Site(settings.origin, host, site_settings)
    preferences = MailPreferenceStore(core.store)
    digests = Digests(
        reading.notifications, core.loaders, preferences, core.signer, site
    )
    store = MailStore(core.store)
    bounces = Bounces(
        store, core.stores, core.signer, clock, settings.mail_bounces or ""
    )
    mails = Mails(
        store=store,
        stores=core.stores,
        messages=Messages(settings.origin, host, settings.mail_from),
        transport=transport_of(settings.smtp_uri, settings.home / "mail", host),
        signer=core.signer,
        site=site,
        digests=digests,
        recipients=Recipients(core.stores.users, site),
        bounces=bounces,
        enqueue=core.enqueue,
        clock=clock,
    )
    return Mailing(
        mails=mails,
        notification_mail=NotificationMail(
            preferences,
            core.stores,
            mails,
            digests,
            core.fence,
            clock,
        ),
    )
