"""Make the services of `kwip.services.media`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Uploads
from kwip.services.media.attachments import Attachments
from kwip.services.media.cards import Cards
from kwip.services.media.converting.pictures import Pictures
from kwip.services.media.converting.videos import Videos
from kwip.services.media.emojis import Emojis
from kwip.services.media.media import Media
from kwip.services.media.processing import Processing
from kwip.services.media.stored.attachment_files import AttachmentFiles
from kwip.services.media.stored.cdn import Cdn, Edge
from kwip.services.media.stored.purges import Purges
from kwip.services.media.stored.withholding import Withholding
from kwip.services.media.usable import Descriptions
from kwip.store.emojis import EmojiStore
from kwip.store.media import MediaFolder
from kwip.store.posting.media.attachments import AttachmentStore
from kwip.store.posting.media.processing import ProcessingStore
from kwip.store.posting.media.withheld import WithheldStore
from kwip.store.purges import PurgeStore

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.store.media import MediaStorage
    from kwip.wiring.core import Core


def make_media(core: Core) -> Uploads:
    """Make them from the shared parts."""
    settings, clock = core.settings, core.options.clock
    pictures = Pictures(settings.media_max_bytes)
    stored = _stored(settings)
    store = AttachmentStore(core.store)
    purges = Purges(
        store=PurgeStore(core.store),
        base=settings.media_url or f"{settings.origin}/media",
        cdn=Cdn(settings.media_purge_uri) if settings.media_purge_uri else None,
        edge=_edge(settings),
        enqueue=core.enqueue,
        clock=clock,
    )
    files = AttachmentFiles(store, stored, purges)
    processing = Processing(
        uploads=store,
        store=ProcessingStore(core.store),
        files=files,
        videos=Videos(),
        signer=core.signer,
        enqueue=core.enqueue,
        clock=clock,
    )
    media = Media(pictures, stored, purges)
    return Uploads(
        media=media,
        cards=Cards(media),
        emojis=Emojis(
            EmojiStore(core.store),
            pictures,
            media,
            core.fence.emojis_version,
            clock,
        ),
        processing=processing,
        attachments=Attachments(
            store=store,
            drafts=core.stores.drafts,
            files=files,
            pictures=pictures,
            processing=processing,
            withholding=Withholding(
                WithheldStore(core.store), files, core.stores.users
            ),
            signer=core.signer,
            ids=core.ids,
            clock=clock,
            descriptions=Descriptions(
                core.stores.users, settings.media_descriptions == "required"
            ),
            quota_bytes=settings.media_quota_bytes,
        ),
    )


def _edge(settings: Settings) -> Edge | None:
    hook = settings.widgets_purge_uri
    return Edge(hook, settings.origin) if hook else None


def _stored(settings: Settings) -> MediaStorage:
    """Return where files are. The client of buckets is only loaded for one: 5 MB."""
    if not settings.media_store_uri:
        return MediaFolder(settings.media_folder)
    from kwip.store.media_bucket import MediaBucket  # noqa: PLC0415

    return MediaBucket(settings.media_store_uri)
