"""Make all services, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.services.bundle import Services
from kwip.wiring.accounts import make_accounts, make_site
from kwip.wiring.blogs import make_blogs
from kwip.wiring.delivery import make_delivery
from kwip.wiring.discovery import make_discovery
from kwip.wiring.leaving import make_leaving
from kwip.wiring.links import make_links
from kwip.wiring.mail import make_mail
from kwip.wiring.media import make_media
from kwip.wiring.moderation import make_moderation
from kwip.wiring.own_data import make_own_data
from kwip.wiring.posting import make_posting
from kwip.wiring.push import make_push
from kwip.wiring.search import make_search
from kwip.wiring.social import make_social
from kwip.wiring.timelines import make_timelines

if TYPE_CHECKING:
    from kwip.wiring.core import Core


def make_services(core: Core) -> Services:
    """Make all services, package by package, from the lowest one up."""
    delivery = make_delivery(core)
    reading = make_timelines(core)
    media = make_media(core)
    social = make_social(core, delivery, reading, media)
    links = make_links(core, media)
    posting = make_posting(core, delivery, reading, media, links)
    site = make_site(core)
    mail = make_mail(core, reading, site.current)
    push = make_push(core, reading, mail)
    accounts = make_accounts(core, reading, social, media, mail, site)
    finding = make_search(core, reading)
    discovery = make_discovery(core, reading, social)
    moderation = make_moderation(core, posting, mail, finding, accounts)
    own_data = make_own_data(core, delivery, media, social, posting, mail)
    blogs = make_blogs(core, links, posting, accounts, own_data)
    leaving = make_leaving(core, media, posting, accounts, own_data)
    groups = (
        *(delivery, reading, social, media, links, posting),
        *(
            mail,
            push,
            finding,
            discovery,
            accounts,
            moderation,
            own_data,
            blogs,
            leaving,
        ),
    )
    made: dict[str, Any] = {k: v for group in groups for k, v in vars(group).items()}
    return Services(loaders=core.loaders, clock_guard=core.clock_guard, **made)
