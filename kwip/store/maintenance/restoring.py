"""Fill a database with what `dumping` has read."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import bson
from pymongo import DeleteOne, ReplaceOne
from pymongo.errors import BulkWriteError, OperationFailure

from kwip.domain.batches import batches
from kwip.domain.errors import ForbiddenError
from kwip.store.accounts.closures import remind_again
from kwip.store.client import translated
from kwip.store.mail.preferences import skip_due
from kwip.store.maintenance.dumping import RAW
from kwip.store.present_indexes import ensure_indexes
from kwip.store.push.subscriptions import skip_waiting

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from kwip.store.client import Store

_BATCH = 1_000
_DUPLICATE, _UNAUTHORISED = 11_000, 13


class RestoreStore:
    """One database, to be replaced as a whole."""

    def __init__(self, store: Store):
        self._plain = store.database
        self._database = store.database.with_options(codec_options=RAW)

    @translated()
    def has_people(self) -> bool:
        """Return whether anybody uses the database."""
        return any(self._plain[name].find_one({}, {}) for name in ("users", "posts"))

    @translated()
    def clear(self) -> None:
        """Drop every collection."""
        with _permitted():
            for name in self._plain.list_collection_names():
                if not name.startswith("system."):
                    self._plain.drop_collection(name)

    @translated()
    def load(
        self, name: str, stream: IO[bytes], report: Callable[[int], object]
    ) -> None:
        """Insert the documents of a collection.

        One that was deleted and inserted again during the backup may be there twice.
        The changes have it too, so the first one is as good.
        """
        documents = bson.decode_file_iter(stream, RAW)
        for part in batches(documents, _BATCH):
            try:
                self._database[name].insert_many(part, ordered=False)
            except BulkWriteError as error:
                codes = {each["code"] for each in error.details["writeErrors"]}
                if codes != {_DUPLICATE} or error.details["writeConcernErrors"]:
                    raise
            report(len(part))

    @translated()
    def apply(self, stream: IO[bytes], report: Callable[[int], object]) -> None:
        """Replace and delete what `ChangeFollower` found changed; safe to repeat."""
        for part in batches(bson.decode_file_iter(stream, RAW), _BATCH):
            writes: dict[str, list[Any]] = defaultdict(list)
            for change in part:
                writes[change["c"]].append(_write(change))
            for name, some in writes.items():
                self._database[name].bulk_write(some)
            report(len(part))

    @translated()
    def settle(self, now: dt.datetime) -> None:
        """Leave out what people were told since the backup; safe to repeat.

        Nobody is mailed or pushed again what the site has sent them after it. Closed
        accounts are not deleted at once: their owners may have come back after it.
        """
        skip_due(self._plain["mail_preferences"], now)
        skip_waiting(self._plain["push_subscriptions"], now)
        remind_again(self._plain["closures"], now)

    def index(self) -> None:
        """Create all indexes, however long that takes."""
        with _permitted():
            ensure_indexes(self._plain)


@contextmanager
def _permitted() -> Iterator[None]:
    """Say which roles are missing."""
    try:
        yield
    except OperationFailure as error:
        if error.code != _UNAUTHORISED:
            raise
        raise ForbiddenError(
            "The user in KWIP_MONGODB_URI may not replace the database. It needs the"
            " roles readWrite and dbAdmin."
        ) from error


def _write(change: Any) -> ReplaceOne[Any] | DeleteOne:
    if "x" in change:
        return DeleteOne({"_id": change["x"]})
    document = change["d"]
    return ReplaceOne({"_id": document["_id"]}, document, upsert=True)
