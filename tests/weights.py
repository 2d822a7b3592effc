"""What something takes of a process's memory."""

from __future__ import annotations

import gc
import os
import tracemalloc


def taken_by(fill):
    """Weigh what is left of doing something, in bytes.

    It is done in a child, which has none of the threads that other tests have left.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, str(_taken_by(fill)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:  # noqa: PTH123 -- it has no path
        taken = answer.read()
    os.waitpid(child, 0)
    assert taken, "it failed in the child"
    return int(taken)


def _taken_by(fill):
    gc.collect()
    tracemalloc.start()
    fill()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
