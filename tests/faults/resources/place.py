"""The site that lacks resources: `kwip up`, with parts of it on small disks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pymongo
import requests

from config.settings import PROJECT
from kwip.cli.up import is_ready
from tests.faults.cluster.load import Load, figures
from tests.faults.history import history, people_of
from tests.ops.disk import fill, on_small_disk
from tests.ops.stack import Stack
from tests.servers import PrivateValkey, wait_until

if TYPE_CHECKING:
    from pathlib import Path

KWIP = (sys.executable, "-c", "from kwip.cli import main; main()")
#: The folders that are disks of their own, and their sizes in bytes. MongoDB writes
#: 300 MB before its first document.
DISKS = {
    "media": 2_000_000,
    "backups": 2_000_000,
    "home/data/valkey-queue": 2_000_000,
    "home/data/mongod": 900_000_000,
}
START_S = 120.0
BEFORE_S, AFTER_S = 2.0, 2.0


def on_small_disks(folder, *command):
    """Return the command line that runs `command` with small disks in a folder."""
    for name, size in DISKS.items():
        (folder / name).mkdir(mode=0o700, parents=True)
        command = on_small_disk(folder / name, size, *command)
    return command


@dataclass
class Found:
    """What a row has found: figures, the proof of the fault, and what is wrong."""

    figures: dict = field(default_factory=dict)
    proof: dict = field(default_factory=dict)
    #: What was seen where it had to be: with something taken out, or without nginx.
    control: dict = field(default_factory=dict)
    wrong: list = field(default_factory=list)

    def expect(self, is_so, what):
        """Note what does not hold, and go on."""
        if not is_so:
            self.wrong.append(what)


class Place(Stack):
    """A site with small disks in `folder`, where `on_small_disks` has put them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.media, self.backups = folder / "media", folder / "backups"
        realtime = folder / "realtime"
        self.realtime = PrivateValkey(realtime, "valkey-realtime")
        super().__init__(
            folder / "home",
            KWIP_MEDIA_FOLDER=str(self.media),
            KWIP_REDIS_REALTIME_URI=self.realtime.uri,
            KWIP_WEB_WORKERS="2",
            KWIP_LOG_LEVEL="warning",
        )

    def start(self):
        self.realtime.start()
        self.begin(*KWIP, "up")
        wait_until(lambda: is_ready(self.settings), START_S)
        self.client = pymongo.MongoClient(self.endpoints.mongodb_uri, tz_aware=True)
        self.database = self.client[self.endpoints.database]
        self.people = people_of(self)

    def clean_up(self):
        if hasattr(self, "client"):
            self.client.close()
        super().clean_up()
        self.realtime.kill()

    @property
    def port(self):
        return self.settings.port

    @staticmethod
    def is_whole():
        """Return whether all servers of the database answer; there is only one."""
        return True

    def ask(self, method, path, **options):
        """Send a request as the first of the people who write."""
        headers = {
            "Authorization": f"Bearer {self.people[0].token}",
            **options.pop("headers", {}),
        }
        return requests.request(
            method, self.settings.origin + path, headers=headers, timeout=30, **options
        )

    def kwip(self, *arguments, **environ):
        """Run the command line with the settings of this site."""
        return subprocess.run(
            [*KWIP, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(PROJECT), **self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def people_act(place, found):
    """Let people write and read while the block runs, and count what they saw.

    No acknowledged post may be lost, doubled, or missing from its reader's home.
    """
    load = Load(place.port, place.people)
    load.start()
    try:
        time.sleep(BEFORE_S)
        began = time.monotonic()
        yield load
        time.sleep(AFTER_S)
        ended = time.monotonic()
    finally:
        load.stop()
    found.figures |= counted(load.seen, began, ended)
    kept = history(place, place.people, load.seen)
    found.figures |= kept
    for what, count in kept.items():
        found.expect(not count, f"{count} posts {what}")


def counted(seen, began, ended):
    """Sum up what people noticed between two moments."""
    by_kind = figures(seen, began, ended)
    posts = by_kind.pop("post")
    reads = Counter()
    for each in by_kind.values():
        reads += Counter(requests=each["requests"], failed=each["failed"])
    statuses = sum(
        (Counter(f["statuses"]) for f in (posts, *by_kind.values())), Counter()
    )
    return {
        "acknowledged": len(seen.acknowledged),
        "failed reads": f"{reads['failed']:,} of {reads['requests']:,}",
        "failed writes": f"{posts['failed']:,} of {posts['requests']:,}",
        **({"statuses": dict(statuses)} if statuses else {}),
        "longest read s": max(each["longest_s"] for each in by_kind.values()),
        "longest stall s": posts["stall_s"],
    }


def failed_reads(found):
    """Return how many reads were not answered with 200."""
    return int(found.figures["failed reads"].split()[0].replace(",", ""))


@contextmanager
def full(folder):
    """Leave no room on the disk of a folder while the block runs."""
    filler = fill(folder)
    try:
        yield
    finally:
        filler.unlink()


def refuses(folder):
    """Return 1 if nothing can be written to the disk of a folder."""
    probe = folder / "probe"
    try:
        probe.write_bytes(bytes(65_536))
    except OSError:
        return 1
    finally:
        probe.unlink(missing_ok=True)
    return 0


def names(folder):
    """Return the files below a folder, without the one that takes the room."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.name != "filler"
    }
