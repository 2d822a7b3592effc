"""Print the invalidation rules, for the page about the cache."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast

from kwip.cache.invalidation import WRITES
from kwip.cache.keys import Debounced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.cache.invalidation import Keys
    from kwip.cache.keys import Invalidation

#: Arguments that have several values.
_SEVERAL = frozenset(
    {
        "owners",
        "recipient_ids",
        "later_ids",
        "tags",
        "sessions",
        "tokens",
        "user_ids",
        "post_ids",
    }
)
#: Arguments on which a key depends: their value if it is not invalidated, and the
#: condition in words if it is.
_CONDITIONS: Mapping[str, tuple[object, str]] = {
    "is_listed": (False, " if it is listed"),
    "parent_id": (None, " if there is one"),
}


def table() -> str:
    """Return the table in Markdown, for `docs/cache.md`; ids appear by name."""
    rows = [
        f"| {name} | {', '.join(_symbolic_keys(write))} | {_reason(write)} |"
        for name, write in WRITES.items()
    ]
    return "\n".join(["| write | invalidates | why |", "|---|---|---|", *rows]) + "\n"


def _symbolic_keys(write: Callable[..., Keys]) -> list[str]:
    symbols: dict[str, Any] = {
        name: [f"<each of {name}>"] if name in _SEVERAL else f"<{name}>"
        for name in inspect.signature(write).parameters
    }
    asked = {name: _CONDITIONS[name] for name in _CONDITIONS if name in symbols}
    without = {
        words: write(**symbols | {name: absent})
        for name, (absent, words) in asked.items()
    }
    return [
        _shown(key) + "".join(words for words in without if key not in without[words])
        for key in write(**symbols)
    ]


def _shown(invalidated: Invalidation) -> str:
    if isinstance(invalidated, Debounced):
        return f"`{invalidated.key}` within {invalidated.pace_ms} ms"
    return f"`{invalidated}`"


def _reason(write: Callable[..., Keys]) -> str:
    return cast("str", write.__doc__).split("\n", maxsplit=1)[0]
