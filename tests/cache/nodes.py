"""One process's part of the cache, and a small entity to read through it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial

import pymongo
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from kwip.cache import keys
from kwip.cache.client import Client, ClientTimes
from kwip.cache.entity_cache import EntityCache
from kwip.services.coherence.cache_lease import (
    FenceTimes,
    LeaseRenewer,
)
from kwip.services.coherence.fence import Fence
from kwip.services.reading.loader import Kind, Loaders, Lookup
from kwip.store.client import Store
from kwip.store.fence import FenceStore, connect_fence
from kwip.wiring.caches import Caches

#: A tenth of the real times, except for a call: a busy machine must not look hung.
TENTH = FenceTimes().scaled(0.1)
TENTH_CALLS = ClientTimes(breaker_s=0.1)
MONGODB_MS = 2_000


@dataclass(frozen=True)
class Note:
    id: int
    version: int
    text: str


class Notes:
    """Documents with a version, as posts and users are; counts its queries."""

    def __init__(self, database):
        self._collection = database.get_collection(
            "notes",
            write_concern=WriteConcern("majority", j=True),
            read_concern=ReadConcern("majority"),
        )
        self.queries = 0
        self.before_load = lambda: None
        self.after_load = lambda: None
        self.kind = Kind(
            name="note",
            key=keys.post,
            variant=lambda _: "doc",
            encode=lambda note: f"{note.id}:{note.version}:{note.text}".encode(),
            decode=_decode,
            version=lambda note: note.version,
            load=self.load,
            ttl_s=300,
        )

    def load(self, ids):
        self.queries += 1
        self.before_load()
        found = self._collection.find({"_id": {"$in": list(ids)}})
        notes = {d["_id"]: Note(d["_id"], d["version"], d["text"]) for d in found}
        self.after_load()
        return notes

    def write(self, note_id, text):
        """Write without an invalidation; give the new version."""
        written = self._collection.find_one_and_update(
            {"_id": note_id},
            {"$set": {"text": text}, "$inc": {"version": 1}},
            upsert=True,
            return_document=pymongo.ReturnDocument.AFTER,
        )
        return written["version"]


def _decode(raw):
    note_id, version, text = raw.decode().split(":", 2)
    return Note(int(note_id), int(version), text)


class Node:
    """What one process has: its client, its lease renewer, its fence, its readings."""

    def __init__(self, endpoints, redis_uri, times, call_times, cache=("cache", ())):
        name, others = cache
        self.client = Client(redis_uri, times=call_times)
        self.objects = EntityCache(self.client)
        connect = partial(
            connect_fence,
            endpoints.mongodb_uri,
            endpoints.database,
            timeout_ms=MONGODB_MS,
            node=name,
        )
        self.times = times
        self.lease_renewer = LeaseRenewer(
            connect=connect, objects=self.objects, times=times
        )
        self._mongodb = pymongo.MongoClient(endpoints.mongodb_uri)
        database = self._mongodb[endpoints.database]
        self.store = FenceStore(database, name)
        at = dataclasses.replace(endpoints, other_cache_uris=dict(others))
        self.others = Caches(
            at, Store(self._mongodb, endpoints.database), times
        ).others()
        self.fence = Fence(
            self.store,
            self.lease_renewer,
            others=[(other.store, other.lease_renewer) for other in self.others],
        )
        self.loaders = Loaders(self.objects, self.fence)
        self.notes = Notes(database)

    def read(self, note_id):
        """Read one note as a request would; None if there is none."""
        found = self.loaders.begin().load(Lookup(self.notes.kind, [note_id]))[0]
        return found.get(note_id)

    def write(self, note_id, text):
        """Write one note as a service would; it is acknowledged on return."""
        version = self.notes.write(note_id, text)
        self.fence.invalidate([keys.post(note_id)])
        return version

    def close(self):
        self.lease_renewer.stop()
        for other in self.others:
            other.close()
        self.client.close()
        self._mongodb.close()
