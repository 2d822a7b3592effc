"""Follow the changes of some collections, and remember the place in the stream.

A MongoDB change stream can be resumed for as long as the oplog reaches back.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure

from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from pymongo.change_stream import DatabaseChangeStream

    from kwip.store.client import Document, Store

#: A place in the change stream; opaque to everybody but MongoDB.
Token = dict[str, Any]

_LOOP = "cache"
_OPERATIONS = ["insert", "update", "replace", "delete"]
#: InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost.
_LOST = frozenset({260, 280, 286})
#: How long the server waits for a change before it answers that there is none. If it
#: waited until there is one, it would examine each write separately.
_AWAIT_MS = 1
_BATCH = 500


class HistoryLostError(Exception):
    """The stream no longer reaches back to where it should be resumed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write to one document.

    `document` is the whole document: after an insert or a replacement, and after an
    update if the collection keeps images (`IMAGED`). `fields` are the ones that an
    update names, with the paths below them.
    """

    collection: str
    id: Any
    operation: Literal["insert", "update", "replace", "delete"]
    fields: frozenset[str]
    document: Mapping[str, Any]
    at: dt.datetime


class Feed:
    """The changes from a given place on, in order."""

    def __init__(self, stream: DatabaseChangeStream[Document]):
        self._stream = stream

    @property
    def token(self) -> Token | None:
        """The place to resume from, after what was taken."""
        token = self._stream.resume_token
        return None if token is None else dict(token)

    def take(self, limit: int) -> list[Change]:
        """Return the available changes, at most `limit`.

        Raises:
            HistoryLostError: The stream has ended, or changes were lost.
            StoreUnavailableError: MongoDB does not answer; call `follow` again.
        """
        changes: list[Change] = []
        with _kept_history():
            while len(changes) < limit:
                event = self._stream.try_next()
                if event is None:
                    break
                changes.append(_to_change(event))
        if not changes and not self._stream.alive:
            raise HistoryLostError
        return changes


class ChangeStore:
    """The change stream, and the one document of `cache_relay`."""

    def __init__(self, store: Store):
        self._database = store.database
        self._places = store.database["cache_relay"]

    @contextmanager
    def follow(self, collections: Sequence[str], token: Token | None) -> Iterator[Feed]:
        """Follow some collections from a given place, or from now.

        Raises:
            HistoryLostError: The oplog does not reach back that far.
            StoreUnavailableError: MongoDB does not answer.
        """
        pipeline = [
            {
                "$match": {
                    "operationType": {"$in": _OPERATIONS},
                    "ns.coll": {"$in": list(collections)},
                }
            }
        ]
        with _kept_history():
            stream = self._database.watch(
                pipeline,
                resume_after=token,
                full_document="whenAvailable",
                max_await_time_ms=_AWAIT_MS,
                batch_size=_BATCH,
            )
        with stream:
            yield Feed(stream)

    @translated()
    def lease(
        self, holder: str, now: dt.datetime, until: dt.datetime
    ) -> tuple[bool, Token | None]:
        """Take the lease until `until`, unless somebody holds it; return the place."""
        free = {"$or": [{"owner": holder}, {"until": {"$lte": now}}]}
        try:
            found = self._places.find_one_and_update(
                {"_id": _LOOP, **free},
                {
                    "$set": {"owner": holder, "until": until},
                    "$setOnInsert": {"schema": schema_of("cache_relay"), "token": None},
                },
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # somebody else holds it
            return False, None
        return True, found["token"] if found else None

    @translated()
    def save(self, holder: str, token: Token | None, until: dt.datetime) -> bool:
        """Store the place and extend the lease; False if somebody else holds it."""
        saved = self._places.update_one(
            {"_id": _LOOP, "owner": holder}, {"$set": {"token": token, "until": until}}
        )
        return saved.matched_count == 1


@contextmanager
def _kept_history() -> Iterator[None]:
    with translated():
        try:
            yield
        except OperationFailure as error:
            if error.code in _LOST:
                raise HistoryLostError from error
            raise


def _to_change(event: Mapping[str, Any]) -> Change:
    update = event.get("updateDescription", {})
    return Change(
        collection=event["ns"]["coll"],
        id=event["documentKey"]["_id"],
        operation=event["operationType"],
        fields=frozenset(
            (*update.get("updatedFields", ()), *update.get("removedFields", ()))
        ),
        document=event.get("fullDocument") or {},
        at=event["wallTime"],
    )
