"""Bring the databases back to an earlier state."""

from __future__ import annotations

from pymongo.write_concern import WriteConcern

#: What posts and relationships are made of. The fence outlives a state, for
#: processes hold leases on it.
_MOVED = (
    *("users", "claims", "posts", "timelines", "timeline_buckets"),
    *("follows", "followers", "blocks", "mutes", "reactions", "notifications"),
    *("lists", "list_members", "followed_tags"),
)


class Snapshot:
    """All documents at one moment; the cache is emptied when they come back."""

    def __init__(self, database, cache):
        self._database = database
        self._quick = database.with_options(write_concern=WriteConcern(1))
        self._cache = cache
        self._documents = {name: list(database[name].find()) for name in _MOVED}

    def restore(self):
        for name, documents in self._documents.items():
            self._quick[name].delete_many({})
            if documents:
                self._quick[name].insert_many(documents)
        # One write that waits for the majority waits for all before it.
        self._database["jobs"].delete_many({"_id": "none"})
        self._cache.flushdb()
