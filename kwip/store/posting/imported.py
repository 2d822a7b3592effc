"""Which posts came with an import: their nonces say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.ids import PostId
from kwip.store.client import translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.store.client import Store


class ImportedPostStore:
    """The nonces in the `posts` collection."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def nonces(self, ids: Sequence[PostId]) -> dict[PostId, str]:
        """Return which of these ids posts have, with the nonces of those; one query."""
        found = self._posts.find({"_id": {"$in": list(ids)}}, {"nonce": 1})
        return {PostId(d["_id"]): d["nonce"] for d in found}
