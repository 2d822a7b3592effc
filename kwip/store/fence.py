"""The fence of the cache: who may use the cache, and under which epoch.

One small document for each cache node. Every change is a compare-and-set or raises
the epoch, acknowledged by a majority. Any error here means that the fence did not
answer, so every driver error becomes `StoreUnavailableError`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from pymongo import MongoClient, ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from kwip.domain.errors import StoreUnavailableError
from kwip.store.client import monitoring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pymongo.collection import Collection
    from pymongo.database import Database

_SCHEMA = 1
_MAJORITY = WriteConcern("majority", j=True)


class FenceDocument(TypedDict):
    """The fence of one cache node, named by `_id`.

    `owner` suspended the cache and will resume it; `beat` changes while it is alive.
    `deployment` is random and part of every cached key; it is created with the database
    and replaced by a restore. `stream_beat` changes while the change-stream invalidator
    keeps up with all writes; `is_followed` says that it has done so under this epoch.
    `emojis_version` is that of the site's custom emoji, so that every process learns of
    a change without asking; `site_version` counts the changes of its settings,
    announcements and discovery rules for the same reason.
    """

    _id: str
    schema: int
    deployment: str
    epoch: int
    suspended: bool
    owner: str | None
    beat: int
    is_followed: bool
    stream_beat: int
    emojis_version: str
    site_version: int


@dataclass(frozen=True, slots=True)
class FenceState:
    """The fence at one moment.

    Progress of the change-stream invalidator does not count as a change, nor does
    another set of emoji or other settings of the site.
    """

    deployment: str
    epoch: int
    suspended: bool
    owner: str | None
    beat: int
    is_followed: bool = field(default=False, compare=False)
    stream_beat: int = field(default=0, compare=False)
    emojis_version: str = field(default="", compare=False)
    site_version: int = field(default=0, compare=False)


class FenceStore:
    """Read and change the fence of one cache node.

    Args:
        database: Where `cache_fence` is.
        node: The name of the cache node.
    """

    def __init__(self, database: Database[Any], node: str = "cache"):
        self._database = database
        fences: Collection[FenceDocument] = database["cache_fence"]
        self._majority = fences.with_options(
            write_concern=_MAJORITY, read_concern=ReadConcern("majority")
        )
        self._linearizable = self._majority.with_options(
            read_concern=ReadConcern("linearizable")
        )
        self._node = node

    def read(self) -> FenceState | None:
        """Read the fence by `_id`; None if it was never created.

        A deposed primary must not answer, so in a replica set of several nodes the
        read is linearizable.
        """
        with _fence_answers():
            fences = self._linearizable if self._has_peers() else self._majority
            found = fences.find_one({"_id": self._node})
        return None if found is None else _state(found)

    def ensure(self, deployment: str) -> FenceState:
        """Read the fence, and create it if it does not exist.

        It gets `deployment`, or that of the other nodes if there are any.
        """
        with _fence_answers():
            other = self._majority.find_one({}, {"deployment": 1}, sort=[("_id", 1)])
        made = {
            "schema": _SCHEMA,
            "deployment": deployment if other is None else other["deployment"],
            "epoch": 1,
            "suspended": False,
            "owner": None,
            "beat": 0,
            "is_followed": False,
            "stream_beat": 0,
            "emojis_version": "",
            "site_version": 0,
        }
        with _fence_answers():
            try:
                return self._change({}, {"$setOnInsert": made}, upsert=True)
            except DuplicateKeyError:  # another process created it at the same moment
                return self._change({}, {"$setOnInsert": made}, upsert=True)

    def suspend(self, owner: str) -> FenceState:
        """Raise the epoch and suspend the cache, unless it is suspended already.

        If another process has suspended the cache after the caller's commit, that is
        enough: the epoch is above that of every lease.
        """
        raised = {
            "epoch": _unless_suspended({"$add": ["$epoch", 1]}, "$epoch"),
            "beat": _unless_suspended({"$add": ["$beat", 1]}, "$beat"),
            "owner": _unless_suspended({"$literal": owner}, "$owner"),
            "suspended": True,
        }
        with _fence_answers():
            return self._change({}, [{"$set": raised}])

    def beat(self, state: FenceState) -> None:
        """Show that the owner of `state` is alive, if it is still the owner."""
        with _fence_answers():
            self._majority.update_one(self._owned(state), {"$inc": {"beat": 1}})

    def take_over(self, state: FenceState, owner: str) -> None:
        """Become the owner, if nothing has changed since `state` was read."""
        unmoved = {**self._owned(state), "beat": state.beat}
        with _fence_answers():
            self._majority.update_one(
                unmoved, {"$set": {"owner": owner}, "$inc": {"beat": 1}}
            )

    def resume(self, state: FenceState) -> bool:
        """Allow leases again, if owner and epoch are still those of `state`."""
        with _fence_answers():
            resumed = self._majority.update_one(
                self._owned(state), {"$set": {"suspended": False, "owner": None}}
            )
        return resumed.modified_count == 1

    def beat_stream(self) -> None:
        """Record that the change stream keeps up, so values may live longer."""
        change = {"$set": {"is_followed": True}, "$inc": {"stream_beat": 1}}
        with _fence_answers():
            self._majority.update_one({"_id": self._node}, change)

    def end_stream(self, state: FenceState) -> None:
        """Invalidate what was cached under a change stream that has stopped.

        The epoch rises, so all of it is a miss; the cache itself stays usable.
        """
        same = {
            "_id": self._node,
            "epoch": state.epoch,
            "stream_beat": state.stream_beat,
        }
        change = {"$set": {"is_followed": False}, "$inc": {"epoch": 1}}
        with _fence_answers():
            self._majority.update_one({**same, "is_followed": True}, change)

    def close(self) -> None:
        """Close the client; only for one that `connect_fence` made."""
        self._database.client.close()

    def _owned(self, state: FenceState) -> dict[str, object]:
        return {
            "_id": self._node,
            "suspended": True,
            "epoch": state.epoch,
            "owner": state.owner,
        }

    def _change(
        self,
        condition: Mapping[str, object],
        change: Mapping[str, object] | list[Mapping[str, object]],
        *,
        upsert: bool = False,
    ) -> FenceState:
        found = self._majority.find_one_and_update(
            {"_id": self._node, **condition},
            change,
            upsert=upsert,
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            raise StoreUnavailableError(reason="there is no fence")
        return _state(found)

    def _has_peers(self) -> bool:
        """Return whether the replica set had more than one node when last checked."""
        servers = self._database.client.topology_description.server_descriptions()
        return any(len(server.all_hosts) > 1 for server in servers.values())


def connect_fence(
    uri: str, database: str, *, timeout_ms: int, node: str = "cache"
) -> FenceStore:
    """Connect to the fence with a client of its own, with one connection.

    The lease renewer of a process uses it, so load in the process cannot delay a lease.
    `timeout_ms` bounds each call as a whole, on the client and on the server.
    """
    client = MongoClient[Any](
        uri,
        appname="kwip-lease-renewer",
        maxPoolSize=1,
        timeoutMS=timeout_ms,
        serverSelectionTimeoutMS=timeout_ms,
        connectTimeoutMS=timeout_ms,
        serverMonitoringMode=monitoring(uri),
    )
    return FenceStore(client[database], node)


@contextmanager
def _fence_answers() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        raise StoreUnavailableError(reason=type(error).__name__) from error


def _unless_suspended(then: object, otherwise: object) -> dict[str, object]:
    return {"$cond": ["$suspended", otherwise, then]}


def _state(found: FenceDocument) -> FenceState:
    return FenceState(
        deployment=found["deployment"],
        epoch=found["epoch"],
        suspended=found["suspended"],
        owner=found["owner"],
        beat=found["beat"],
        # Fences of earlier versions lack these.
        is_followed=found.get("is_followed", False),
        stream_beat=found.get("stream_beat", 0),
        emojis_version=found.get("emojis_version", ""),
        site_version=found.get("site_version", 0),
    )
