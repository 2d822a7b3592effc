"""Make the services of `kwip.services.links`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kwip import __version__
from kwip.services.bundle import Links
from kwip.services.links.finder import Finder, PageReader
from kwip.services.links.previews import Previews
from kwip.services.links.verification import Verification
from kwip.services.outgoing.fetching import Fetcher
from kwip.store.accounts.verification import VerificationStore
from kwip.store.posting.media.link_previews import LinkPreviewStore, PostPreviewStore

if TYPE_CHECKING:
    from kwip.services.bundle import Uploads
    from kwip.wiring.core import Core


def make_links(core: Core, media: Uploads) -> Links:
    """Make them from the shared parts and the services they call."""
    settings, attachments = core.settings, media.attachments
    fetcher = Fetcher(
        user_agent=f"Kwip/{__version__} (link previews; +{settings.origin}/)",
        allowed=settings.link_preview_allow,
    )
    reader, is_on = PageReader(), settings.link_previews == "on"
    return Links(
        verification=Verification(
            fetcher=fetcher,
            reader=reader,
            store=VerificationStore(core.store),
            users=core.stores.users,
            fence=core.fence,
            purges=attachments.files.purges,
            clock=core.options.clock,
            origin=settings.origin,
            is_on=is_on,
        ),
        previews=Previews(
            finder=Finder(
                fetcher=fetcher,
                reader=reader,
                pictures=attachments.pictures,
                files=attachments.files,
                signer=core.signer,
            ),
            store=LinkPreviewStore(core.store),
            of_posts=PostPreviewStore(core.store),
            posts=core.stores.posts,
            users=core.stores.users,
            fence=core.fence,
            signal=core.signal,
            clock=core.options.clock,
            host=urlsplit(settings.origin).netloc,
            rules=core.rules.current,
            is_on=is_on,
        ),
    )
