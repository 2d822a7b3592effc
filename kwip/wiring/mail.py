"""Make the services of `kwip.services.mail`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kwip.services.bundle import Mailing
from kwip.services.mail.letters import Site
from kwip.services.mail.mails import Mails
from kwip.services.mail.messages import Messages
from kwip.services.mail.transports import transport_of
from kwip.store.mails import MailStore

if TYPE_CHECKING:
    from kwip.wiring.core import Core


def make_mail(core: Core) -> Mailing:
    """Make them from the shared parts."""
    settings = core.settings
    host = urlsplit(settings.origin).hostname or ""
    return Mailing(
        mails=Mails(
            store=MailStore(core.store),
            stores=core.stores,
            messages=Messages(settings.origin, host, settings.mail_from),
            transport=transport_of(settings.smtp_uri, settings.home / "mail", host),
            signer=core.signer,
            site=Site(settings.origin, host),
            enqueue=core.enqueue,
            clock=core.options.clock,
        )
    )
