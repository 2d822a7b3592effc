"""Split long sequences into batches."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield `size` items at a time, fewer at the end."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
