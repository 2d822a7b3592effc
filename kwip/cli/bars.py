"""Progress bars on standard error: rate and time left."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Never, Self


class Bars:
    """One bar for each phase of a long job; none without a terminal or if `is_quiet`.

    Use it as a context manager, so that the last bar is closed.
    """

    def __init__(self, *, is_quiet: bool):
        self._is_off = is_quiet or not sys.stderr.isatty()
        self._bar: tqdm[Never] | None = None

    def begin(self, phase: str, total: int, done: int = 0) -> None:
        """Begin a phase; the previous one has ended."""
        self.close()
        self._bar = tqdm(
            desc=phase,
            total=total,
            initial=done,
            unit="",
            dynamic_ncols=True,
            disable=self._is_off,
        )

    def advance(self, count: int = 1) -> None:
        """Report that `count` more are done."""
        if self._bar is not None:
            self._bar.update(count)

    def close(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
