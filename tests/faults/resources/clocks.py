"""Rows about a clock that jumps under one web process, with libfaketime."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import requests

from kwip.domain.ids import ms_of
from tests.faults.site import Site
from tests.servers import debian_program, wait_until

#: Between two of `Presence.save`, with some time for a busy machine.
TOLD_S = 60.0
#: What the guard allows, and what a request takes.
NEAR_S = 3.0
POSTS = 20
#: libfaketime lets Python's own sleep fail if the monotonic clock is left as it is.
_SLEEP = """\
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
"""


class _Clocked:
    """A web server of its own on the servers of the site; `set` moves its clock."""

    def __init__(self, place, name, without="nothing"):
        self._place = place
        folder = place.folder / name
        folder.mkdir()
        self._offset = folder / "offset"
        self.set(0)
        (folder / "sitecustomize.py").write_text(_SLEEP)
        library = debian_program("libfaketime")
        self.site = Site(
            place.endpoints,
            folder / "home",
            webs=1,
            workers=0,
            without=without,
            PYTHONPATH=str(folder),
            LD_PRELOAD=library,
            FAKETIME_TIMESTAMP_FILE=str(self._offset),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
            KWIP_MEDIA_FOLDER=str(place.media),
        )

    def set(self, seconds):
        self._offset.write_text(f"{seconds:+d}\n")

    def post(self):
        """Write a post; return the status, its id, and by how much its time is off."""
        headers = {"Authorization": f"Bearer {self._place.people[0].token}"}
        answer = requests.post(
            f"http://127.0.0.1:{self.site.port}/api/v1/statuses",
            json={"status": f"At {time.monotonic_ns()}"},
            headers=headers,
            timeout=30,
        )
        if not answer.ok:
            return answer.status_code, None, answer.text
        post_id = int(answer.json()["id"])
        return answer.status_code, post_id, ms_of(post_id) / 1_000 - time.time()

    def kwip(self, command):
        """Run the command line as on another machine of the site."""
        there = self.site.environ
        kept = {k: v for k, v in there.items() if k.startswith("KWIP_")}
        return self._place.kwip(command, **kept)

    def get(self, path):
        return requests.get(f"http://127.0.0.1:{self.site.port}{path}", timeout=30)


def _jump(seconds, place, found):
    clocked = _Clocked(place, f"clock{seconds:+d}")
    try:
        answers = [clocked.post() for _ in range(POSTS)]
        found.expect({s for s, *_ in answers} == {200}, "no posts before the fault")
        clocked.set(seconds)
        wrong = [clocked.post() for _ in range(POSTS)]
        found.proof["seconds that its clock is off"] = abs(_off_by(clocked))
        _expect_refusal(clocked, found, wrong)
        clocked.set(0)
        answers += [a for a in wrong if a[0] == 200]
        answers += [clocked.post() for _ in range(POSTS)]
        found.expect(answers[-1][0] == 200, "no posts afterwards")
    finally:
        clocked.site.stop()
    ids = [post_id for _, post_id, _ in answers]
    found.expect(ids == sorted(set(ids)), "ids repeat or go back")
    refused = sum(status == 503 for status, *_ in wrong)
    found.figures |= {"posts": len(ids), "refused": f"{refused} of {POSTS}"}
    off_s = round(abs(_without_guard(place, seconds)))
    found.control["seconds that ids are off without the guard"] = off_s


def _off_by(clocked):
    """Return by how much the process's clock is off, as its answers say."""
    date = clocked.get("/livez").headers["Date"]
    return round(parsedate_to_datetime(date).timestamp() - time.time())


def _expect_refusal(clocked, found, wrong):
    """Expect no id with a wrong time, reads to go on, and everybody to be told."""
    for status, _, off in wrong:
        is_right = status == 503 if isinstance(off, str) else abs(off) < NEAR_S
        found.expect(is_right, f"{status}: {off}")
    ready = clocked.get("/readyz")
    is_told = ready.status_code == 503 and "clocks" in ready.text
    found.expect(is_told, f"/readyz: {ready.status_code} {ready.text[:200]}")
    read = clocked.get("/api/v1/timelines/public")
    found.expect(read.status_code == 200, f"reads: {read.status_code}")
    for command in ("doctor", "check"):
        try:
            wait_until(lambda: _tells(clocked, command), TOLD_S)  # noqa: B023 -- waited for
        except AssertionError:
            found.expect(is_so=False, what=f"`kwip {command}` does not say it")


def _tells(clocked, command):
    return "clock: " in clocked.kwip(command).stdout


def _without_guard(place, seconds):
    """Return by how much the time in an id is off when nothing looks at the clock."""
    clocked = _Clocked(place, f"unguarded{seconds:+d}", without="the clock guard")
    try:
        clocked.set(seconds)
        return clocked.post()[2]
    finally:
        clocked.site.stop()


def ahead(place, found):
    """A clock that jumps 90 s ahead: no id has a wrong time, and reads go on."""
    _jump(90, place, found)


def behind(place, found):
    """A clock that jumps 90 s back: no id repeats or goes back, and reads go on."""
    _jump(-90, place, found)


ROWS = {
    "the clock of a web server is 90 s ahead": ahead,
    "the clock of a web server is 90 s behind": behind,
}
