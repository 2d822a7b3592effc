"""Follow what is written to some collections, and remember how far one has come.

A change stream of MongoDB, which goes on where it ended as long as the oplog reaches
back so far.
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

#: A place in the stream of changes; nobody but MongoDB reads what is in it.
Token = dict[str, Any]

_LOOP = "cache"
_OPERATIONS = ["insert", "update", "replace", "delete"]
#: InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost.
_LOST = frozenset({260, 280, 286})
#: The server waits so long for a change before it says that there is none. Were it to
#: wait until there is one, it would look at each write by itself.
_AWAIT_MS = 1
_BATCH = 500


class HistoryLostError(Exception):
    """The stream does not reach back to where it should go on."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write to one document.

    `document` is what was written as a whole: by an insert or a replacement; and what
    an update has made of a document whose collection keeps images (`IMAGED`).
    `fields` are those that an update named, with the paths below them.
    """

    collection: str
    id: Any
    operation: Literal["insert", "update", "replace", "delete"]
    fields: frozenset[str]
    document: Mapping[str, Any]
    at: dt.datetime


class Feed:
    """The changes from some place on, in their order."""

    def __init__(self, stream: DatabaseChangeStream[Document]):
        self._stream = stream

    @property
    def token(self) -> Token | None:
        """Where to go on after what was taken."""
        token = self._stream.resume_token
        return None if token is None else dict(token)

    def take(self, limit: int) -> list[Change]:
        """Give the changes that there are, at most `limit`.

        Raises:
            HistoryLostError: There will be no more, or some were missed.
            StoreUnavailableError: MongoDB does not answer; follow anew.
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
    """The stream of changes, and the one document of `cache_relay`."""

    def __init__(self, store: Store):
        self._database = store.database
        self._places = store.database["cache_relay"]

    @contextmanager
    def follow(self, collections: Sequence[str], token: Token | None) -> Iterator[Feed]:
        """Follow some collections from a place on, or from now on.

        Raises:
            HistoryLostError: The oplog does not reach back so far.
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
        self, owner: str, now: dt.datetime, until: dt.datetime
    ) -> tuple[bool, Token | None]:
        """Be the one who relays until `until`, if nobody else is; give the place."""
        free = {"$or": [{"owner": owner}, {"until": {"$lte": now}}]}
        try:
            found = self._places.find_one_and_update(
                {"_id": _LOOP, **free},
                {
                    "$set": {"owner": owner, "until": until},
                    "$setOnInsert": {"schema": schema_of("cache_relay"), "token": None},
                },
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # it is there, and somebody else's
            return False, None
        return True, found["token"] if found else None

    @translated()
    def save(self, owner: str, token: Token | None, until: dt.datetime) -> bool:
        """Note how far it has come and stay the one; False if another one is."""
        saved = self._places.update_one(
            {"_id": _LOOP, "owner": owner}, {"$set": {"token": token, "until": until}}
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
