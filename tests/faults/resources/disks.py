"""Rows about full disks: of uploads, of the queue, of backups, and of MongoDB."""

from __future__ import annotations

import time

from tests.faults.resources.full_disk import kept_full, takes_jobs
from tests.faults.resources.place import failed_reads, full, names, people_act, refuses
from tests.jobs.oracle import Oracle
from tests.pictures import plain
from tests.servers import wait_until

UPLOADS = 5
LONG_S = 5.0
#: MongoDB writes into what it has set aside before it needs room.
DOWN_S = 180.0
BACK_S = 30.0


def media(place, found):
    """Uploads are refused with 507 and leave nothing; everything else works."""
    found.expect(_upload(place).ok, "no upload before the fault")
    before = names(place.media)
    with people_act(place, found):
        with full(place.media):
            found.proof["writes refused by the disk"] = refuses(place.media)
            answers = [_upload(place) for _ in range(UPLOADS)]
            statuses = {answer.status_code for answer in answers}
            found.expect(statuses == {507}, f"uploads: {statuses}")
            found.expect("space" in answers[0].text, answers[0].text[:200])
            found.expect(names(place.media) == before, "files are left")
        found.expect(_upload(place).ok, "no upload with room again")
    found.figures["uploads refused"] = len(answers)
    found.expect(not failed_reads(found), "reads failed")


def _upload(place):
    """Upload a picture that was not uploaded before."""
    colour = tuple(time.monotonic_ns() // 1_000 >> shift & 255 for shift in (0, 8, 16))
    picture = plain(size=(640, 480), colour=colour)
    return place.ask("POST", "/api/v2/media", files={"file": ("x.png", picture)})


def queue(place, found):
    """Posts are taken while the queue takes no job, and delivered afterwards."""
    folder = place.home.data("valkey-queue")
    with people_act(place, found):
        with full(folder):
            wait_until(lambda: not takes_jobs(place))
            time.sleep(LONG_S)
            found.proof["jobs refused by the queue"] = int(not takes_jobs(place))
            posts, _, _ = Oracle(place.database).waiting()
            found.figures["posts that waited"] = len(posts)
            is_told = "redis-queue" in place.kwip("doctor").stdout
            found.expect(is_told, "doctor says nothing")
        wait_until(lambda: takes_jobs(place))
        began = time.monotonic()
        wait_until(lambda: not set(posts) & set(Oracle(place.database).waiting()[0]))
        found.figures["delivered after s"] = round(time.monotonic() - began, 1)
    found.expect(not failed_reads(found), "reads failed")
    found.expect(found.figures["failed writes"].startswith("0 "), "writes failed")


def backups(place, found):
    """A backup ends with an error that says why, and leaves no part of a file."""
    with full(place.backups):
        found.proof["writes refused by the disk"] = refuses(place.backups)
        _expect_no_backup(place, found)
    with full(place.backups):
        filler = place.backups / "filler"
        with filler.open("r+b") as file:  # some room, but not enough
            file.truncate(filler.stat().st_size - 16_384)
        _expect_no_backup(place, found)
    made = place.kwip("backup", "create", place.backups)
    found.expect(made.returncode == 0, f"no backup with room again: {made.stderr}")
    found.figures["files with room again"] = len(names(place.backups))
    found.expect(len(names(place.backups)) == 1, "not one file")


def _expect_no_backup(place, found):
    made = place.kwip("backup", "create", place.backups)
    found.figures["error"] = made.stderr.strip().replace(str(place.folder), "…")
    found.expect(made.returncode, "it ends with 0")
    is_clear = "space" in made.stderr and "Traceback" not in made.stderr
    found.expect(is_clear, f"the error: {made.stderr}")
    found.expect(not names(place.backups), f"left: {names(place.backups)}")


def mongod(place, found):
    """MongoDB stops; what was acknowledged is there when it has room again."""
    data = place.home.data("mongod")
    with people_act(place, found):
        before = place.log().count("mongod ended")
        with kept_full(place, data):
            found.proof["writes refused by the disk"] = wait_until(
                lambda: refuses(data)
            )
            wait_until(lambda: place.log().count("mongod ended") > before, DOWN_S)
        found.proof["ends of mongod"] = place.log().count("mongod ended") - before
        began = time.monotonic()
        wait_until(lambda: place.ask("GET", "/readyz").status_code == 200, 2 * BACK_S)
        back_s = time.monotonic() - began
    found.figures["back after s"] = round(back_s, 1)
    found.expect(back_s < BACK_S, f"back after {back_s:.0f} s")


ROWS = {
    "the disk of uploads is full": media,
    "the disk of the queue is full": queue,
    "the disk of backups is full": backups,
    "the disk of MongoDB is full": mongod,
}
