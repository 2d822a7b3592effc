"""A small disk of a test's own, to fill."""

from __future__ import annotations

import contextlib
import os


def on_small_disk(folder, size, *command):
    """Return the command line that runs `command` with a small disk at `folder`.

    The disk is in memory, seen by that process and its children only, and goes with
    them.
    """
    unshare = ["unshare", "--mount"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    mount = 'mount -t tmpfs -o size="$0" none "$1" && shift && exec "$@"'
    return [*unshare, "sh", "-c", mount, str(size), str(folder), *map(str, command)]


def fill(folder):
    """Leave no room on the disk of `folder`; return the file that takes it."""
    filler = folder / "filler"
    for size in (65_536, 512):
        with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(size))
    return filler
