"""Send the id of a request with each of its commands, as `comment`.

MongoDB shows it in its log of slow operations, in its profiler and in `currentOp`.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from pymongo.collection import Collection
from pymongo.database import Database
from structlog.contextvars import get_contextvars

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]

#: The methods of a collection that send commands and take a `comment`.
_METHODS = (
    *("find", "aggregate", "count_documents", "distinct", "bulk_write"),
    *("insert_one", "insert_many", "update_one", "update_many", "replace_one"),
    *("delete_one", "delete_many", "find_one_and_delete", "find_one_and_replace"),
    "find_one_and_update",
)


class CommentedDatabase(Database[Document]):
    """A database whose collections send the id of the current request."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        # Many stores use the same ones.
        self._used: dict[str, Collection[Document]] = {}

    def __getitem__(self, name: str) -> Collection[Document]:
        """Return a collection with the same concerns."""
        if name not in self._used:
            self._used[name] = CommentedCollection(self, name)
        return self._used[name]


class CommentedCollection(Collection[Document]):
    """A collection that sends the id of the current request, if there is one."""

    def with_options(  # type: ignore[override]
        self, *args: Any, **kwargs: Any
    ) -> Collection[Document]:
        """Return it with other options; the driver would return an ordinary one."""
        changed = super().with_options(*args, **kwargs)
        return CommentedCollection(
            self.database,
            self.name,
            codec_options=changed.codec_options,
            read_preference=changed.read_preference,
            write_concern=changed.write_concern,
            read_concern=changed.read_concern,
        )


def _commented(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def send(self: CommentedCollection, *args: Any, **kwargs: Any) -> Any:
        if request_id := get_contextvars().get("request_id"):
            kwargs.setdefault("comment", request_id)
        return method(self, *args, **kwargs)

    return send


for _name in _METHODS:
    setattr(CommentedCollection, _name, _commented(getattr(Collection, _name)))
