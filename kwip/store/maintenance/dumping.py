"""Read a database as it was at one moment, while it is written to.

Collections are read one after the other, without a snapshot, because MongoDB keeps a
snapshot for five minutes only. Its operation log says which documents changed
meanwhile, and these are read again as they were at one moment, so the log's entries
are never applied (`docs/decisions/backups.md`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.timestamp import Timestamp
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from kwip.domain.batches import batches
from kwip.domain.errors import ConflictError, ForbiddenError
from kwip.store.client import ONE_BATCH, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kwip.store.client import Store

#: Documents that are not decoded.
RAW = CodecOptions(document_class=RawBSONDocument)
#: Who may use the cache, and who runs: a restored database begins anew, so no old copy
#: is used. Mails, because what waited then has been sent since. Exports and imports,
#: because their files are not in a backup.
LEFT_OUT = frozenset(
    {"cache_fence", "cache_relay", "processes", "mails", "exports", "imports"}
)
#: The entries of a large transaction begin this many seconds before its end at most.
_BACK_S = 10
_IDS = 1_000
_TRIES = 5
#: A snapshot is too old, or an index was created after it.
_LOST_SNAPSHOT = frozenset({239, 246})
_UNAUTHORISED = 13
#: Commands that take a collection away.
_REMOVALS = frozenset({"drop", "dropDatabase", "renameCollection"})
_FIELDS = (
    *("ts", "op", "ns", "lsid", "txnNumber", "o2._id", "o._id"),
    *("o.applyOps", "o.partialTxn", *(f"o.{name}" for name in sorted(_REMOVALS))),
)

_Ids = defaultdict[str, set[Any]]


class Batch(NamedTuple):
    """Some documents of a collection, as BSON."""

    raw: bytes
    documents: int


class DumpStore:
    """All collections of one database.

    Raises:
        ConflictError: It is a sharded cluster, which has no single operation log.
    """

    def __init__(self, store: Store):
        if store.is_sharded:
            raise ConflictError(
                "A sharded cluster can't be backed up with this command. Use snapshots"
                " of its disks, or the tools of MongoDB."
            )
        self._database = store.database.with_options(codec_options=RAW)

    @translated()
    def collections(self) -> dict[str, int]:
        """Return the number of documents of each collection, about."""
        names = store_names(self._database.list_collection_names())
        return {name: self._database[name].estimated_document_count() for name in names}

    def batches(self, name: str) -> Iterator[Batch]:
        """Iterate over a collection, up to 16 MB at a time."""
        with translated():
            found = self._database[name].find_raw_batches({}, batch_size=ONE_BATCH)
            for batch in found:
                raw = cast("bytes", batch)  # pymongo names the type of decoded ones
                yield Batch(raw, _count(raw))


def store_names(names: list[str]) -> list[str]:
    """Return the names of the collections that a backup has."""
    return sorted(
        name
        for name in names
        if name not in LEFT_OUT and not name.startswith("system.")
    )


def _count(raw: bytes) -> int:
    """Count documents: each begins with its length."""
    count = place = 0
    while place < len(raw):
        place += int.from_bytes(raw[place : place + 4], "little")
        count += 1
    return count


class ChangeFollower:
    """Knows which documents of a database have changed, from now on.

    Raises:
        ForbiddenError: This user may not read the operation log.
    """

    def __init__(self, store: Store):
        self._database = store.database.with_options(codec_options=RAW)
        self._admin = store.client.admin
        self._log = store.client["local"].get_collection(
            "oplog.rs", codec_options=RAW, read_concern=ReadConcern("local")
        )
        self._confirmed = self._database["jobs"].with_options(
            read_concern=ReadConcern("linearizable")
        )
        self._unfinished: dict[bytes, list[Any]] = {}
        self._began = self._newest()
        back = Timestamp(self._began.time - _BACK_S, 0)
        self._position = max(back, self._oldest())

    @translated()
    def write_changes(self, write: Callable[[bytes], object]) -> int:
        """Write what has changed since the last call, as it is now; return how many.

        "Now" is one moment, and not before the call: every write that was acknowledged
        before it is there. `RestoreStore.apply` reads what is written.

        Raises:
            ConflictError: It is not known any more what has changed.
        """
        for _ in range(_TRIES):
            now = self._newest()
            try:
                count = 0
                for change in self._images(self._changed(now), now):
                    write(change)
                    count += 1
            except OperationFailure as error:
                if error.code not in _LOST_SNAPSHOT:
                    raise
            else:
                self._position = now
                return count
        raise ConflictError(
            "MongoDB could not read what changed during the backup, because an index"
            " is being created or MongoDB is overloaded. Try again later."
        )

    def _newest(self) -> Timestamp:
        """Return the time up to which a majority has everything.

        The read before it is answered by nobody but the primary, once a majority has
        all that it had written: a deposed primary would not know the latest writes.
        """
        self._confirmed.find_one({"_id": ""}, {"_id": 1})
        last: Timestamp = self._admin.command("hello")["lastWrite"]["majorityOpTime"][
            "ts"
        ]
        return last

    def _oldest(self) -> Timestamp:
        try:
            found = self._log.find_one({}, {"ts": 1}, sort=[("$natural", 1)])
        except OperationFailure as error:
            if error.code != _UNAUTHORISED:
                raise
            raise ForbiddenError(
                "The user in KWIP_MONGODB_URI may not read MongoDB's operation log."
                ' Grant it the role `{role: "read", db: "local"}`.'
            ) from error
        oldest: Timestamp = found["ts"] if found else Timestamp(0, 0)
        return oldest

    def _changed(self, until: Timestamp) -> _Ids:
        ours = f"^{re.escape(self._database.name)}\\."
        query = {
            "ts": {"$gt": self._position, "$lte": until},
            "op": {"$ne": "n"},
            "$or": [{"ns": {"$regex": ours}}, {"ns": "admin.$cmd"}],
        }
        found: _Ids = defaultdict(set)
        for entry in self._log.find(query, _FIELDS):
            if entry["op"] == "c" and entry["ts"] > self._began:
                _refuse_removal(entry["o"])
            self._note(entry, found)
        if self._oldest() > self._position:
            raise ConflictError(
                "MongoDB's operation log is too small for this many writes: the"
                " backup could not follow them. Try again when fewer people write, or"
                " make the log larger (replSetResizeOplog)."
            )
        return found

    def _note(self, entry: Mapping[str, Any], found: _Ids) -> None:
        change = entry["o"]
        if entry["op"] == "c":
            for inner in self._operations(entry):
                self._note(inner, found)
            return
        database, _, name = entry["ns"].partition(".")
        if database == self._database.name and store_names([name]):
            found[name].add((entry["o2"] if entry["op"] == "u" else change)["_id"])

    def _operations(self, entry: Mapping[str, Any]) -> list[Any]:
        """Return the operations of a transaction that ends with `entry`.

        Those of a large transaction are in several entries. Other commands have none.
        """
        key = bson.encode({n: entry[n] for n in ("lsid", "txnNumber") if n in entry})
        operations = [*self._unfinished.pop(key, ()), *entry["o"].get("applyOps", ())]
        if entry["o"].get("partialTxn"):
            self._unfinished[key] = operations
            return []
        return operations

    def _images(self, changed: _Ids, moment: Timestamp) -> Iterator[bytes]:
        """Read documents as they were at `moment`, 1,000 at a time."""
        concern = {"level": "snapshot", "atClusterTime": moment}
        for name, every in changed.items():
            for ids in batches(every, _IDS):
                query = {"find": name, "filter": {"_id": {"$in": ids}}}
                gone = set(ids)
                for document in self._database.cursor_command(
                    query, batchSize=len(ids), readConcern=concern
                ):
                    gone.discard(document["_id"])
                    yield bson.encode({"c": name, "d": document})
                yield from (bson.encode({"c": name, "x": each}) for each in gone)


def _refuse_removal(command: Mapping[str, Any]) -> None:
    if _REMOVALS & command.keys():
        raise ConflictError(
            "A collection was removed or renamed during the backup. Run the command"
            " again."
        )
