"""Make the services with which users take their data along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.accounts.notices import Notices
from kwip.services.backups.csv_exports import CsvExports
from kwip.services.backups.exports import Exports
from kwip.services.backups.user_export import UserExport
from kwip.services.bundle import OwnData
from kwip.store.accounts.transfers import TransferStore

if TYPE_CHECKING:
    from kwip.services.bundle import Mailing, Uploads
    from kwip.wiring.core import Core


def make_own_data(core: Core, media: Uploads, mail: Mailing) -> OwnData:
    """Make them from the services they call."""
    clock = core.options.clock
    writer = UserExport(
        core.stores,
        mail.notification_mail.store,
        media.attachments.files.media,
        clock,
    )
    return OwnData(
        exports=Exports(
            store=TransferStore(core.store, "exports"),
            writer=writer,
            notices=Notices(core.stores, mail.mails),
            enqueue=core.enqueue,
            clock=clock,
        ),
        csv_exports=CsvExports(writer, mail.mails.site),
    )
