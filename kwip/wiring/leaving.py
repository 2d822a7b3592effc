"""Make the services that delete accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Leaving
from kwip.services.maintenance.closure_ends import ClosureEnds
from kwip.services.maintenance.deletion import Deletion
from kwip.store.maintenance.deletion import DeletionStore

if TYPE_CHECKING:
    from kwip.services.bundle import Accounts, OwnData, Posting, Uploads
    from kwip.wiring.core import Core


def make_leaving(
    core: Core, media: Uploads, posting: Posting, accounts: Accounts, own_data: OwnData
) -> Leaving:
    """Make them from the services they call."""
    clock = core.options.clock
    deletion = Deletion(
        store=DeletionStore(core.store),
        stores=core.stores,
        jobs=core.jobs,
        posts=posting.posts,
        media=media.media,
        attachments=media.attachments,
        moderation=accounts.moderation,
        audit_log=accounts.audit_log,
        fence=core.fence,
        transfers=(own_data.exports.store, own_data.imports.store),
        enqueue=core.enqueue,
        clock=clock,
    )
    return Leaving(
        deletion=deletion,
        closure_ends=ClosureEnds(
            store=core.stores.closures,
            deletion=deletion,
            notices=own_data.exports.notices,
            clock=clock,
        ),
    )
