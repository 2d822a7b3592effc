"""Parts that only commands need, made from a process's parts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kwip.domain.accounts.users import Viewer
from kwip.domain.errors import NotFoundError
from kwip.services.backups.user_import import UserImport
from kwip.services.maintenance.reindexing.retagging import Retagging
from kwip.services.maintenance.repair import Repair
from kwip.services.posting.texts import Texts
from kwip.store.maintenance.repairs import RepairStore
from kwip.store.maintenance.retagging import RetagStore
from kwip.store.posting.counters import CounterStore

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.wiring import Wiring


def texts_by(wiring: Wiring, settings: Settings) -> Texts:
    """Make what cleans and parses texts."""
    return Texts(
        wiring.stores.users,
        max_chars=settings.post_max_chars,
        host=urlsplit(settings.origin).netloc,
    )


def retagging_by(wiring: Wiring, settings: Settings) -> Retagging:
    """Make the service that parses stored texts again."""
    store = RetagStore(wiring.store)
    texts = texts_by(wiring, settings)
    return Retagging(texts, wiring.stores.posts, store, wiring.fence)


def import_by(wiring: Wiring, settings: Settings) -> UserImport:
    """Make the service that imports users."""
    services = wiring.services
    return UserImport(
        stores=wiring.stores,
        users=services.users,
        relationships=services.relationships,
        lists=services.lists,
        attachments=services.attachments,
        texts=texts_by(wiring, settings),
        search_index=services.search_index,
        home_backfill=services.home_backfill,
        fence=wiring.fence,
        clock=wiring.sweeper.clock,
    )


def repair_by(wiring: Wiring, settings: Settings) -> Repair:
    """Make the service that repairs the findings of fsck."""
    return Repair(
        store=RepairStore(wiring.store),
        counters=CounterStore(wiring.store),
        users=wiring.stores.users,
        home_backfill=wiring.services.home_backfill,
        list_backfill=wiring.services.list_backfill,
        retagging=retagging_by(wiring, settings),
        search_index=wiring.services.search_index,
        files=wiring.services.attachments.files,
        fence=wiring.fence,
        enqueue=wiring.sweeper.enqueue,
        clock=wiring.sweeper.clock,
    )


def viewer_named(wiring: Wiring, name: str) -> Viewer:
    """Act as a user by username, in any letter case, without credentials.

    Raises:
        NotFoundError: There is no such user.
    """
    username = name.removeprefix("@").lower()
    user_id = wiring.stores.users.ids_of([username]).get(username)
    if user_id is None:
        raise NotFoundError(f"There is no user {name}.")
    return Viewer.without_session(user_id, username)
