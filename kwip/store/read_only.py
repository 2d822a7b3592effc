"""Keep a process from writing to MongoDB, whatever code asks for it.

Every command of every client leaves through one method of the driver. There it is
decoded, and refused unless it is known to read.
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import bson
from pymongo.synchronous.pool import Connection

from kwip.domain.errors import ForbiddenError
from kwip.domain.messages import lazy_gettext
from kwip.store.media import MediaFolder
from kwip.store.media_bucket import MediaBucket

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The commands that change nothing. Transactions end without having written.
READS = frozenset(
    {
        *("find", "getMore", "aggregate", "count", "distinct", "explain"),
        *("hello", "ismaster", "isMaster", "ping", "buildInfo", "serverStatus"),
        *("listCollections", "listIndexes", "listDatabases", "collStats", "dbStats"),
        *("saslStart", "saslContinue", "connectionStatus", "replSetGetStatus"),
        *("endSessions", "killCursors", "abortTransaction", "commitTransaction"),
    }
)
_STAGES = {"$out", "$merge"}
#: Messages of the wire protocol: the one for all commands, and the first of a client.
_MESSAGE, _QUERY = 2013, 2004
_HEADER = 16
#: Methods that change stored files.
_FILES = ("save", "copy", "remove", "set_aside", "put_back", "discard")


class ReadOnlyError(ForbiddenError):
    """Something would have been changed."""


@contextmanager
def only_reading() -> Iterator[None]:
    """Refuse every write of this process to MongoDB and to the media folder.

    Inside, such a write raises ReadOnlyError, and nothing is sent.
    """
    places: list[tuple[type, str, Any]] = [
        (Connection, "send_message", _checked(Connection.send_message)),
        *(
            (kind, name, _refuse)
            for kind in (MediaFolder, MediaBucket)
            for name in _FILES
        ),
    ]
    before = [(kind, name, getattr(kind, name)) for kind, name, _ in places]
    for kind, name, method in places:
        setattr(kind, name, method)
    try:
        yield
    finally:
        for kind, name, method in before:
            setattr(kind, name, method)


def _checked(send: Any) -> Any:
    def send_message(
        self: Connection, message: bytes, *args: Any, **options: Any
    ) -> None:
        _require_read(message)
        send(self, message, *args, **options)

    return send_message


def _refuse(*_: object, **__: object) -> None:
    raise ReadOnlyError(lazy_gettext("This console only reads. Nothing was changed."))


def _require_read(message: bytes) -> None:
    """Check what a message asks for.

    Raises:
        ReadOnlyError: It may change something, or cannot be read.
    """
    command = _command_in(message)
    name = next(iter(command), "")
    stages = command.get("pipeline", ())
    writes = any(_STAGES & stage.keys() for stage in stages)
    if name not in READS or writes:
        raise ReadOnlyError(
            lazy_gettext(
                "This console only reads, so %(command)s is refused. Nothing was "
                "changed.",
                command=name or "this",
            ),
            command=name,
        )


def _command_in(message: bytes) -> dict[str, Any]:
    """Return the command of a message; empty if it is of another kind."""
    opcode = struct.unpack_from("<i", message, 12)[0]
    if opcode == _MESSAGE:
        # Four bytes of flags, then sections; the command is the one of kind 0.
        start = _HEADER + 4
        if message[start] != 0:
            return {}
        start += 1
    elif opcode == _QUERY:
        end_of_name = message.index(b"\0", _HEADER + 4)
        start = end_of_name + 1 + 8
    else:
        return {}
    size = struct.unpack_from("<i", message, start)[0]
    return dict(bson.decode(message[start : start + size]))
