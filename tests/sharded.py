"""Hear every command of Kwip's own clients, and note those without a shard key.

There is no router of a sharded cluster to test with. So it is checked where the
driver sends: a command on a collection of `SHARD_KEYS` that does not name the shard key
would go to every shard.
"""

from __future__ import annotations

import sys

from pymongo.monitoring import CommandListener

from config.settings import PROJECT
from kwip.store.sharding import SHARD_KEYS

#: Which statements a command has, and where each has its query.
_QUERIES = {
    "find": lambda c: [c.get("filter", {})],
    "count": lambda c: [c.get("query", {})],
    "distinct": lambda c: [c.get("query", {})],
    "findAndModify": lambda c: [c["query"]],
    "update": lambda c: [u["q"] for u in c["updates"]],
    "delete": lambda c: [d["q"] for d in c["deletes"]],
    "insert": lambda c: c["documents"],
}
_STORE = str(PROJECT / "kwip" / "store")
_TESTS = str(PROJECT / "tests")
#: They pass on what was asked.
_HEARING = {__file__, str(PROJECT / "tests" / "clients.py")}

#: What may go to every shard, by the method or the class that asks, and why.
ALLOWED = {
    "AttachmentStore.after": "an operator's command goes through all of them",
    "AttachmentStore.find": "a private file by its signed address, by id alone",
    "AttachmentStore.used": "whoever else has the same file, once it is gone",
    "AttachmentStore.take_due": "the sweeper asks each shard for its own",
    "ProcessingStore.take_due": "the sweeper asks each shard for its own",
    "AttachmentAuditStore": "fsck looks through everything, page by page",
    "PersonalAuditStore": "fsck looks through everything, page by page",
    "GuestAuditStore": "fsck looks through everything, page by page",
    "AuditStore": "fsck looks through everything, page by page",
    "DumpStore": "a backup refuses a sharded cluster",
    "ChangeFollower": "a backup refuses a sharded cluster",
    "RestoreStore": "a backup refuses a sharded cluster",
    "CounterStore": "fsck and reindex count everything anew",
    "RequestAuditStore": "fsck looks through everything, page by page",
    "ReactionAuditStore": "fsck looks through everything, page by page",
    "MigrationStore": "an operator's command goes through everything",
    "RepairStore": "an operator mends one thing at a time",
    "FiguresStore": "staff count people, each week once",
    "LoadStore": "an operator loads a world, before there are shards",
    "DeletionStore.muted_by": "an operator deletes a user: who mutes them, once",
    "DeletionStore.featured_by": "an operator deletes a user: who features them, once",
    "DeletionStore._forget_nudges": "an operator deletes a user: whom they told, once",
    "DeletionStore._count": "an operator is shown what there is of a user, once",
    "NotificationStore._forget": "which followers were told of a post, once it is gone",
    "EdgeStore.take_due": "the sweeper asks each shard for its own, once a second",
    "ListEdgeStore.take_due": "the sweeper asks each shard for its own, once a second",
    "VerificationStore.take_due": "the sweeper asks each shard for its own",
    "MemberStore": "staff list members: each shard a few",
    "PeopleStore": "a search for people asks each shard for a few",
    "SearchAuditStore": "fsck and reindex look through everything, page by page",
    "ListStore.owners": "a public list by id alone, cached from then on",
    "MuteStore.take_due": "the sweeper asks each shard for its own, once a second",
    "EdgeStore.waiting_count": "a figure for operators",
    "HibernationStore.date_undated": "the sweeper asks each shard, once a minute",
    "HibernationStore.idle_since": "the sweeper asks each shard, once a minute",
    "TwoFactorStore.sealed_otherwise": "a worker asks each shard, once at its start",
    "HibernationStore.unfinished": "the sweeper asks each shard, once a minute",
    "PullAuthorStore.last_pulls": "one small answer for all, asked when it changes",
    "SuggestionStore.newest": "a page of the directory asks each shard for a few",
    "RoleStore.require_other_owner": "asked when an owner is demoted or suspended",
    "SetupStore.has_admin": "asked until there is an administrator",
    "SetupStore.offer": "asked until there is an administrator",
    "UserStore.count": "an estimate for operators",
    "UserStore.is_empty": "asked when a command begins",
    "UserStore._ids_after": "an operator's command goes through everybody",
    "UserStore.pictures_after": "an operator's command goes through everybody",
}


class Untargeted(CommandListener):
    """Remember who asked what without naming a shard key."""

    def __init__(self):
        self.found = []

    def started(self, event):
        for collection, query in statements(event.command_name, event.command):
            key = SHARD_KEYS.get(collection)
            if key is not None and not names_key(query, key):
                asker = _asker()
                if asker and not {asker, asker.partition(".")[0]} & ALLOWED.keys():
                    self.found.append(
                        f"{asker}: {event.command_name} {collection} {query}"
                    )

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


def statements(name, command):
    """Give each collection that a command asks, with the query."""
    if name == "aggregate":
        yield from _of_pipeline(command["aggregate"], command["pipeline"])
    elif name in _QUERIES:
        yield from ((command[name], query) for query in _QUERIES[name](command))


def _of_pipeline(collection, pipeline):
    """Give what a pipeline asks, and what it joins with pipelines of their own."""
    yield collection, pipeline[0].get("$match", {}) if pipeline else {}
    for stage in pipeline:
        if "$unionWith" in stage:
            union = stage["$unionWith"]
            yield from _of_pipeline(union["coll"], union["pipeline"])
        elif "$lookup" in stage:
            yield stage["$lookup"]["from"], _of_join(stage["$lookup"])


def _of_join(lookup):
    """Give what a join asks for, whose values come from the documents before it."""
    if "foreignField" in lookup:
        return {lookup["foreignField"]: 1}
    parts = lookup["pipeline"][0]["$match"].get("$expr", {}).get("$and", ())
    return {part["$eq"][0].removeprefix("$"): 1 for part in parts if "$eq" in part}


def names_key(query, key):
    """Tell whether a query says for which values of a shard key it is.

    A range says it where the collection is divided by ranges, if it has both ends.
    """
    if "$or" in query and all(names_key(part, key) for part in query["$or"]):
        return True
    if any(names_key(part, key) for part in query.get("$and", ())):
        return True
    if key.field not in query:
        return False
    value = query[key.field]
    if not isinstance(value, dict) or {"$in", "$eq"} & value.keys():
        return True
    is_range = {"$gt", "$gte"} & value.keys() and {"$lt", "$lte"} & value.keys()
    return bool(is_range) and not key.is_hashed


def _asker():
    """Name the method of a store that asks, "" for none: that is a test itself."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        owner = type(frame.f_locals.get("self")).__name__
        is_ours = code.co_filename.startswith(_STORE)
        if is_ours and owner.endswith("Store") and owner != "Store":
            method = code.co_qualname.partition(".<locals>")[0].rpartition(".")[2]
            return f"{owner}.{method}"
        if code.co_filename.startswith(_TESTS) and code.co_filename not in _HEARING:
            return ""
        frame = frame.f_back
    return ""
