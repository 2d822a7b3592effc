"""The number that counts the changes of what every process remembers of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession

    from kwip.store.client import Store


def count_change(store: Store, session: ClientSession) -> None:
    """Count a change in the fences of all cache nodes, in its transaction.

    Every process reads its fence about once a second: so none learns of a change that
    is not there.
    """
    every = {"_id": {"$gte": ""}}  # by the index
    store.database["cache_fence"].update_many(
        every, {"$inc": {"site_version": 1}}, session=session
    )
