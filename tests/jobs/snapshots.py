"""Bring the databases back to an earlier state."""

from __future__ import annotations

from pymongo.write_concern import WriteConcern

#: What posts and relationships are made of. The fence outlives a state, for
#: processes hold leases on it.
_MOVED = (
    *("users", "claims", "posts", "timelines", "timeline_buckets"),
    *("follows", "followers", "blocks", "mutes", "reactions", "notifications"),
    *("lists", "list_members", "followed_tags", "follow_requests"),
    *("notes", "nudges"),
    *("muted_conversations", "followed_conversations", "filters", "drafts"),
    *("attachments", "search_posts", "trends"),
)


class Snapshot:
    """All documents at one moment; the cache is emptied when they come back."""

    def __init__(self, database, cache):
        self._database = database
        self._quick = database.with_options(write_concern=WriteConcern(1))
        self._cache = cache
        self._documents = documents_in(database)

    def restore(self):
        """Write what has changed: most of it has not, and comparing is cheaper."""
        now = documents_in(self._database)
        for name, documents in self._documents.items():
            wrong = [i for i, d in now[name].items() if d != documents.get(i)]
            if wrong:
                self._quick[name].delete_many({"_id": {"$in": wrong}})
            missing = [d for i, d in documents.items() if d != now[name].get(i)]
            if missing:
                self._quick[name].insert_many(missing)
        # One write that waits for the majority waits for all before it.
        self._database["jobs"].delete_many({"_id": "none"})
        self._cache.flushdb()


def documents_in(database):
    """Give the documents of each collection by their id; in one command."""
    first, *others = _MOVED
    unions = [{"$unionWith": {"coll": n, "pipeline": _named(n)}} for n in others]
    found = {name: {} for name in _MOVED}
    for each in database[first].aggregate(_named(first) + unions):
        found[each["name"]][each["document"]["_id"]] = each["document"]
    return found


def _named(collection):
    """Give each document, and the collection that it is from."""
    wrapped = {"_id": 0, "name": {"$literal": collection}, "document": "$$ROOT"}
    return [{"$project": wrapped}]
