"""The connection to MongoDB, its guarantees, and the translation of its errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pymongo import MongoClient
from pymongo import timeout as time_limit
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern
from pymongo.topology_description import TopologyDescription
from pymongo.write_concern import WriteConcern

from kwip.domain.errors import StoreUnavailableError
from kwip.store.comments import CommentedDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pymongo.client_session import ClientSession
    from pymongo.database import Database
    from pymongo.read_preferences import SecondaryPreferred

T = TypeVar("T")
Document = dict[str, Any]

#: By default a server returns 101 documents first, and each further batch is another
#: command. What a request reads comes in one batch, up to this many.
ONE_BATCH = 10_000
#: A web request must learn within 3 s that there is no primary.
WEB_TIMEOUT_MS = 2_500
#: A worker or a command can wait while the server restarts.
JOB_TIMEOUT_MS = 60_000

#: Codes by which MongoDB rejects a command, a document or a client: this is a bug, and
#: nothing was written. Any other code, including unknown ones, is about the state of
#: the server: the result of a write is unknown, and a read may succeed the next time.
_REFUSALS = frozenset(
    {
        *(2, 9, 14, 72),  # BadValue, FailedToParse, TypeMismatch, InvalidOptions
        *(13, 18),  # Unauthorized, AuthenticationFailed
        *(20, 59, 115, 168),  # no such operation, command or stage
        *(26, 27, 48, 73),  # namespaces and indexes that are missing, taken or wrong
        *(67, 68, 85, 86),  # an index that contradicts another one
        *(22, 28, 40, 52, 54, 55, 56, 57, 61, 66, 121),  # an invalid document
        *(11000, 10334, 17419),  # DuplicateKey; too large, also after an update
    }
)
_UNAVAILABLE = (ConnectionFailure, NetworkTimeout)
_LABELS = ("TransientTransactionError", "RetryableWriteError")


@contextmanager
def translated() -> Iterator[None]:
    """Translate driver errors about the server's state to `StoreUnavailableError`.

    Works as a decorator too. Errors that are bugs pass through.
    """
    try:
        yield
    except PyMongoError as error:
        if not _is_unavailable(error):
            raise
        code = error.code if isinstance(error, OperationFailure) else None
        raise StoreUnavailableError(reason=type(error).__name__, code=code) from error


def _is_unavailable(error: PyMongoError) -> bool:
    if error.timeout or any(error.has_error_label(label) for label in _LABELS):
        return True
    if isinstance(error, BulkWriteError):
        failed = {each["code"] for each in error.details["writeErrors"]}
        return bool(error.details["writeConcernErrors"] or failed - _REFUSALS)
    if isinstance(error, OperationFailure):
        # A failed write concern is reported for a write that may exist.
        return isinstance(error, WriteConcernError) or error.code not in _REFUSALS
    return isinstance(error, _UNAVAILABLE)


def _describe(topology: TopologyDescription) -> str:
    """Describe the servers that the driver knows, for its errors.

    The driver's own sorts them by address. Of a Unix socket it may know two: without a
    port (None) from the URI, and with 27017 from the replica set, as long as there is
    no primary and this server is silent. These can't be compared, and a TypeError would
    take the place of the error that says that there is no primary.
    """
    servers = sorted(map(str, topology.server_descriptions().values()))
    return f"<{topology.topology_type_name}: {', '.join(servers)}>"


TopologyDescription.__repr__ = _describe  # type: ignore[method-assign]


def connect(
    uri: str, *, timeout_ms: int, listeners: Sequence[CommandListener] = ()
) -> MongoClient[Document]:
    """Create a client that writes with majority and journal, and reads majority.

    Write concern 1 lost 5,285 of 27,824 acknowledged inserts when a primary died;
    majority lost none (`docs/decisions/pymongo.md`). It connects on first use.
    """
    return MongoClient(
        uri,
        tz_aware=True,
        appname="kwip",
        timeoutMS=timeout_ms,
        serverSelectionTimeoutMS=timeout_ms,
        connectTimeoutMS=2_000,
        serverMonitoringMode=monitoring(uri),
        w="majority",
        journal=True,
        readConcernLevel="majority",
        event_listeners=list(listeners),
    )


def monitoring(uri: str) -> Literal["auto", "poll"]:
    """Return how the driver learns which server of `uri` is the primary.

    With several servers, each tells it at once: a primary that hangs still takes
    commands, and polling finds out after up to 12 s. With one, a failed command makes
    the driver look at once, and streams would wake an idle process four times a second.
    """
    hosts = urlsplit(uri).netloc.rpartition("@")[2]
    return "auto" if "," in hosts or uri.startswith("mongodb+srv") else "poll"


class Store:
    """One database, and what every part of the store needs from it.

    Args:
        client: The connection.
        database: Its name.
        is_sharded: Whether the server is a sharded cluster; None asks it.
        read_preference: Which servers answer reads; None is the primary.
    """

    def __init__(
        self,
        client: MongoClient[Document],
        database: str,
        *,
        is_sharded: bool | None = None,
        read_preference: SecondaryPreferred | None = None,
    ):
        self.client = client
        self.database: Database[Document] = CommentedDatabase(
            client, database, read_preference=read_preference
        )
        self._is_sharded = is_sharded

    @property
    def is_sharded(self) -> bool:
        """Whether the server is the router of a sharded cluster; asked once."""
        if self._is_sharded is None:
            self._is_sharded = self.hello().get("msg") == "isdbgrid"
        return self._is_sharded

    @translated()
    def transact(self, work: Callable[[ClientSession], T]) -> T:
        """Run `work` in one transaction, and repeat it if MongoDB asks for that.

        The client's timeout bounds it as a whole; by default the driver would repeat
        a transaction for two minutes.

        Raises:
            StoreUnavailableError: It is not known whether it was committed.
        """
        limit_s = self.client.options.timeout
        with time_limit(limit_s), self.client.start_session() as session:
            return session.with_transaction(
                work,
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern("majority", j=True),
            )

    def is_reachable(self) -> bool:
        """Return whether a primary was known when last checked; no I/O."""
        return self.client.topology_description.has_writable_server()

    @translated()
    def hello(self) -> Document:
        """Ask the server for its role and its time (`localTime`)."""
        return dict(self.client.admin.command("hello"))

    def close(self) -> None:
        """Close every connection."""
        self.client.close()


__all__ = [
    "JOB_TIMEOUT_MS",
    "ONE_BATCH",
    "WEB_TIMEOUT_MS",
    "CommandListener",
    "Document",
    "Store",
    "connect",
    "monitoring",
    "translated",
]
