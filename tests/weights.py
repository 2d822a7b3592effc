"""What something takes of a process's memory."""

from __future__ import annotations

import gc
import tracemalloc


def taken_by(fill):
    """Weigh what is left of doing something, in bytes."""
    gc.collect()
    tracemalloc.start()
    fill()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return taken
