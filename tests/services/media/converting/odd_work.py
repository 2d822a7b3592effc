"""Work that does as it is told, well or badly: the child of `test_isolated`."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from kwip.services.media.child.confined import serve


def reverse(_, content):
    return {"pid": os.getpid()}, [content[::-1]]


def take_memory(question, _):
    return {"size": len(bytearray(question["bytes"]))}, []


def burn(*_):
    while True:
        pass


def wait(question, _):
    time.sleep(question["s"])


def crash(*_):
    os.kill(os.getpid(), signal.SIGSEGV)


def be_killed(question, _):
    """Be killed from outside, so many times."""
    before = Path(question["folder"])
    if len(list(before.iterdir())) < question["times"]:
        (before / str(os.getpid())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {}, []


def fail(*_):
    raise RuntimeError


def write(question, _):
    Path(question["path"]).write_bytes(b"x" * question["bytes"])
    return {}, []


def claim(*_):
    """Begin an answer of four gigabytes."""
    sys.stdout.buffer.write(b"\xff\xff\xff\xff")
    return {}, []


def chatter(*_):
    sys.stdout.buffer.write(b"\0\0\0\x04nope")
    return {}, []


def many(*_):
    return {}, [b""] * 100


if __name__ == "__main__":
    serve(lambda question, content: globals()[question["do"]](question, content))
