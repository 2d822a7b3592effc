"""The row for an import: how long it takes, and whether others' posts arrive later.

People with followers post all the while. The lag of their posts is measured before an
archive is imported, and while a worker imports it; then the same archive once more.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import statistics
import tempfile
import time
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bench.arrival import lag_of
from bench.deliveries import publish
from bench.rows import Goal, Row
from bench.stacks import kwip_stack
from bench.worlds import HUGE_QUOTAS
from config.settings import load
from kwip.domain.accounts.transfers import ARCHIVE
from kwip.domain.accounts.users import Viewer
from kwip.embedded import endpoints
from kwip.services.accounts.users import SignUp
from kwip.wiring import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.accounts.transfers import Transfer
    from kwip.wiring import Wiring

KWIPS = int(os.environ.get("BENCH_IMPORT_KWIPS", "50000"))  # noqa: TID251 -- a bench
PEOPLE, ROUNDS, POSTS, EVERY_S = 30, 5, 20, 0.25
_GIVE_UP_S = 7_200.0
_MINUTE_MS = 60_000
#: The first kwip is of this moment, and one follows every minute.
_FIRST_MS = 1_400_000_000_000


def importing() -> Iterator[Row]:
    """Import an archive through the real worker while others post."""
    with (
        tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder,
        kwip_stack(Path(folder) / "home", HUGE_QUOTAS) as environ,
    ):
        settings = load(environ)
        wiring = build(settings, endpoints(settings), role="cli")
        try:
            wiring.fence.await_lease(within_s=10.0)
            yield _measure(wiring)
        finally:
            wiring.close()


def _measure(wiring: Wiring) -> Row:
    people = [_sign_up(wiring, f"user{number}") for number in range(PEOPLE)]
    for one in people:
        for other in people:
            if one != other:
                wiring.services.relationships.follow(one, other.id)
    time.sleep(5.0)
    importer = _sign_up(wiring, "importer")
    before = [_lag(wiring, people) for _ in range(ROUNDS)]
    began_s = time.monotonic()
    wiring.services.imports.request(importer, archive(KWIPS), ARCHIVE, "bench.zip")
    during = [_lag(wiring, people) for _ in range(ROUNDS)]
    is_measured = _find(wiring, importer).is_waiting
    first = _ended(wiring, importer)
    first_s = time.monotonic() - began_s
    began_s = time.monotonic()
    wiring.services.imports.request(importer, archive(KWIPS), ARCHIVE, "bench.zip")
    second = _ended(wiring, importer)
    return Row(
        name="import",
        what=f"lag of others' posts while {KWIPS:,} kwips are imported",
        reference="their lag before",
        unit="s",
        ours=during,
        theirs=before,
        goal=Goal("at most", 1.1),
        setting={"worker": "1 process, 4 threads", "others' followers": PEOPLE - 1},
        notes={
            "import_s": first_s,
            "added": first.counts.get("kwips", 0),
            "was_importing_to_the_end_of_the_measurement": float(is_measured),
            "second_import_s": time.monotonic() - began_s,
            "added_by_the_second": second.counts.get("kwips", 0),
        },
    )


def archive(kwips: int) -> IO[bytes]:
    """Return an archive as Twitter's, with texts of usual length and some threads."""
    tweets = []
    for number in range(kwips):
        ms = _FIRST_MS + number * _MINUTE_MS
        when = time.strftime("%a %b %d %H:%M:%S +0000 %Y", time.gmtime(ms // 1_000))
        tweet = {
            "id_str": str(10_000_000_000 + number),
            "created_at": when,
            "full_text": f"Number {number}: " + "what I had for breakfast today " * 3,
        }
        if number % 5 == 0 and number:
            tweet["in_reply_to_status_id_str"] = str(10_000_000_000 + number - 1)
        tweets.append({"tweet": tweet})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        text = f"window.YTD.tweets.part0 = {json.dumps(tweets)}"
        made.writestr("data/tweets.js", text, compresslevel=1)
    return file


def _sign_up(wiring: Wiring, name: str) -> Viewer:
    email, password = f"{name}@example.org", secrets.token_hex()
    form = SignUp(username=name, email=email, password=password)
    user = wiring.services.users.sign_up(form)
    return Viewer(id=user.id, username=name, digest="")


def _lag(wiring: Wiring, people: list[Viewer]) -> float:
    """Return the median lag of some posts, one after the other."""
    lags = []
    for number in range(POSTS):
        author = people[number % len(people)]
        lags.append(lag_of(wiring, publish(wiring, author.id)))
        time.sleep(EVERY_S)
    return statistics.median(lags)


def _find(wiring: Wiring, importer: Viewer) -> Transfer:
    found = wiring.services.imports.find(importer)
    assert found is not None
    return found


def _ended(wiring: Wiring, importer: Viewer) -> Transfer:
    until = time.monotonic() + _GIVE_UP_S
    while time.monotonic() < until:
        found = _find(wiring, importer)
        if not found.is_waiting:
            return found
        time.sleep(0.5)
    message = "it never ended"
    raise TimeoutError(message)
