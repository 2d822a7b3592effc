"""Check the protocol at larger bounds than the suite does; some minutes.

Run by `make check-cache`.
"""

from __future__ import annotations

import gc
import sys
import time

from tests.protocol.explorer import explore
from tests.protocol.model import Bounds, Model
from tests.protocol.mutants import Direct

LARGE = (
    (Direct, Bounds(writers=3, readers=(5,))),
    (Model, Bounds(writers=3, readers=(3,), evictions=1, property="L")),
    (Model, Bounds(writers=2, readers=(4,), evictions=1, crashes=1, property="L")),
    (Model, Bounds(writers=2, readers=(2, 2), evictions=2, crashes=1, property="L")),
    (Model, Bounds(2, (2, 1), repeats=1, evictions=2, crashes=1, property="L")),
    (Model, Bounds(writers=2, readers=(2, 1), fails=1, evictions=1, crashes=1)),
    (Model, Bounds(writers=2, readers=(1, 1, 1), fails=1, evictions=1)),
    (Model, Bounds(writers=2, readers=(1, 1), fails=2, evictions=1, crashes=1)),
    (Model, Bounds(2, (3,), fails=2, evictions=1, crashes=1, has_memory=True)),
    (Model, Bounds(2, (1, 1), fails=1, evictions=1, crashes=1, has_memory=True)),
    (Model, Bounds(readers=(1, 2), fails=1, evictions=1, has_pages=True)),
    (Model, Bounds(2, (2, 1), evictions=1, has_pages=True, property="L")),
    (Model, Bounds(2, (1, 1), fails=1, evictions=1, crashes=1, has_pages=True)),
)


def main() -> int:
    """Explore each; say what was found; give the exit code."""
    gc.disable()  # nothing that is made here is a cycle, and there is much of it
    violated = 0
    for model, bounds in LARGE:
        began = time.monotonic()
        verdict = explore(model(bounds))
        seconds = time.monotonic() - began
        word = "holds" if verdict.holds else "VIOLATED"
        print(f"{word:9}{verdict.states:10,} states {seconds:6.1f} s  {bounds}")  # noqa: T201
        for line in verdict.trace:
            print("    ", line)  # noqa: T201
        violated += not verdict.holds
    return int(violated > 0)


if __name__ == "__main__":
    sys.exit(main())
