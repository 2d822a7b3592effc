"""How much of what is alike the suite tries: a part, always the same one.

`make thorough` tries all of it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

IS_THOROUGH = os.environ.get("THOROUGH") == "1"


def part(items: Iterable[T], *, of: int, first: int = 0) -> list[T]:
    """Return each `of`-th item, the `first` one first; when thorough, all of them.

    Items that are tried at many places take turns: each place has another first one.
    """
    found = list(items)
    return found if IS_THOROUGH else found[first % of :: of]
