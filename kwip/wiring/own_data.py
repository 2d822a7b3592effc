"""Make the services with which users export and import their data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.accounts.notices import Notices
from kwip.services.backups.csv_exports import CsvExports
from kwip.services.backups.exports import Exports
from kwip.services.backups.imports import Imports
from kwip.services.backups.kwips_import import KwipsImport
from kwip.services.backups.people_import import PeopleImport
from kwip.services.backups.post_import import PostImport
from kwip.services.backups.relations_import import RelationsImport
from kwip.services.backups.tables_import import TablesImport
from kwip.services.backups.user_export import UserExport
from kwip.services.bundle import OwnData
from kwip.services.maintenance.reindexing.repeats import Repeats
from kwip.store.accounts.transfers import TransferStore
from kwip.wiring.accounts import make_rate_limits

if TYPE_CHECKING:
    from kwip.services.bundle import Delivery, Mailing, Posting, Social, Uploads
    from kwip.wiring.core import Core


def make_own_data(
    core: Core,
    delivery: Delivery,
    media: Uploads,
    social: Social,
    posting: Posting,
    mail: Mailing,
) -> OwnData:
    """Make them from the services they call."""
    clock, stores, site = core.options.clock, core.stores, mail.mails.site
    writer = UserExport(
        stores,
        mail.notification_mail.store,
        media.attachments.files.media,
        clock,
    )
    rate_limits = make_rate_limits(core)
    people = PeopleImport(
        stores,
        social.relationships,
        social.lists,
        core.fence,
        clock,
        rate_limits,
    )
    return OwnData(
        exports=Exports(
            store=TransferStore(core.store, "exports"),
            writer=writer,
            notices=Notices(stores, mail.mails),
            enqueue=core.enqueue,
            clock=clock,
        ),
        csv_exports=CsvExports(writer, site),
        imports=Imports(
            store=TransferStore(core.store, "imports"),
            media=writer.media,
            kwips=KwipsImport(
                posts=PostImport(stores, media.attachments, clock),
                texts=posting.posts.texts,
                search_index=delivery.search_index,
                repeats=Repeats(stores, core.fence),
                fence=core.fence,
            ),
            tables=TablesImport(people, posting.reactions, site),
            relations=RelationsImport(people, social.followed_tags),
            rate_limits=rate_limits,
            recipients=mail.mails.recipients,
            enqueue=core.enqueue,
            clock=clock,
        ),
    )
