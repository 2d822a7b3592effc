"""Rows for the cost of a request: Kwip and a bare app under the same gunicorn."""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

from bench.load import Answer, Connection, Target, requests_per_second
from bench.rows import Goal, Row, rounds
from bench.stacks import bare_stack, kwip, kwip_stack
from bench.worlds import HUGE_QUOTAS, wired

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROUNDS, SECONDS, CLIENTS, MANY_CLIENTS = 7, 3.0, 8, 32
WORKERS, THREADS = 1, 8
FOLLOWEES, POSTS, NEW_POSTS, REPLIES = 10, 60, 20, 1_000
PASSWORD = "bench-password"  # noqa: S105 -- of a site that lives for a minute
_DELIVERED_S = 10.0


@dataclass(frozen=True, slots=True)
class Site:
    """A running Kwip with a small world, and the bare app next to it."""

    environ: dict[str, str]
    tokens: dict[str, str]
    bare_port: int
    bodies: Path

    @property
    def port(self) -> int:
        """The port of Kwip."""
        return int(self.environ["KWIP_PORT"])

    def bearer(self, name: str) -> tuple[str, str]:
        """Return the header with a user's token."""
        return ("Authorization", f"Bearer {self.tokens[name]}")

    @property
    def home(self) -> Target:
        """The viewer's home, as an app requests it."""
        path = "/api/v1/timelines/home?limit=20"
        return Target(self.port, path, (self.bearer("viewer"),))

    @property
    def widget(self) -> Target:
        """One author's posts, for other sites."""
        return Target(self.port, "/api/widgets/v1/user/author0?limit=20")

    def bare(self, name: str, ours: Target) -> Target:
        """Let the bare app return what Kwip returns now."""
        (self.bodies / name).write_bytes(settled(ours).body)
        return Target(self.bare_port, f"/{name}")


@contextmanager
def _site() -> Iterator[Site]:
    settings = {
        "KWIP_WEB_WORKERS": str(WORKERS),
        "KWIP_WEB_THREADS": str(THREADS),
        **HUGE_QUOTAS,
    }
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        root = Path(folder)
        bodies = root / "bodies"
        bodies.mkdir()
        (bodies / "first").write_bytes(b"{}")
        with (
            kwip_stack(root / "home", settings) as environ,
            bare_stack(bodies, workers=WORKERS, threads=THREADS) as bare_port,
        ):
            tokens = _people(environ)
            site = Site(environ, tokens, bare_port, bodies)
            with wired(environ) as wiring:
                post_ids = [
                    _post(site, f"author{number % FOLLOWEES}", number)
                    for number in range(POSTS)
                ]
                _await_delivery(wiring.store.database, post_ids[-1])
            yield site


def home() -> Iterator[Row]:
    """Measure an unchanged home page, for a few clients and for many."""
    with _site() as site:
        theirs = site.bare("home", site.home)
        yield _row("home", site.home, theirs, 0.5)
        yield _row("home_32", site.home, theirs, 0.5, clients=MANY_CLIENTS)
        yield _unchanged("home_304", site, site.home)


def html() -> Iterator[Row]:
    """Measure an unchanged home page as a signed-in browser gets it."""
    with _site() as site:
        ours = Target(site.port, "/home", (("Cookie", _sign_in(site)),))
        yield _row("html", ours, site.bare("html", ours), 0.45)


def embed() -> Iterator[Row]:
    """Measure an unchanged page in a frame, as any site's reader gets it."""
    with _site() as site:
        ours = Target(site.port, "/embed/user/author0?limit=20")
        yield _row("embed", ours, site.bare("embed", ours), 0.60)
        yield _unchanged("embed_304", site, ours)


def widget() -> Iterator[Row]:
    """Measure an unchanged widget."""
    with _site() as site:
        yield _row("widget", site.widget, site.bare("widget", site.widget), 0.5)
        yield _unchanged("widget_304", site, site.widget)


def feed() -> Iterator[Row]:
    """Measure an unchanged feed of one author."""
    with _site() as site:
        ours = Target(site.port, "/@author0.rss")
        yield _row("feed", ours, site.bare("feed", ours), 0.6)


def thread() -> Iterator[Row]:
    """Measure the unchanged page of a long thread, as a visitor gets it."""
    with _site() as site, wired(site.environ) as wiring:
        root_id = _conversation(site, wiring.store.database)
        ours = Target(site.port, f"/@author0/{root_id}")
        row = _row("thread", ours, site.bare("thread", ours), 0.5)
        yield replace(
            row,
            what=f"GET the page of a thread of {REPLIES:,} replies, unchanged",
            setting={**row.setting, "replies": REPLIES, "authors": FOLLOWEES},
        )


def new_post() -> Iterator[Row]:
    """Measure the first read of home after each new post, one at a time."""
    with _site() as site, wired(site.environ) as wiring:
        theirs = site.bare("new_post", site.home)
        bare, ours = Connection(theirs), Connection(site.home)

        def look() -> float:
            taken = []
            for number in range(NEW_POSTS):
                post_id = _post(site, "author1", number)
                _await_delivery(wiring.store.database, post_id)
                status = Target(
                    site.port, f"/api/v1/statuses/{post_id}", site.home.headers
                )
                Connection(status).ask()  # the entities are cached
                taken.append(_timed(ours, f'"id":"{post_id}"'))
            return 1 / statistics.median(taken)

        def look_at_bare() -> float:
            return 1 / statistics.median(_timed(bare) for _ in range(NEW_POSTS))

        look()
        found = rounds(ROUNDS, look, look_at_bare)
        row = _row_of("new_post", site.home, found, 0.35, clients=1)
        yield replace(row, what="the first home page after a new post, objects warm")


def _unchanged(name: str, site: Site, ours: Target) -> Row:
    """Measure the answer to a client that has the page already."""
    etag = settled(ours).headers["etag"]
    theirs = Target(site.bare_port, "/first", (("If-None-Match", etag),))
    ours = replace(ours, headers=(*ours.headers, ("If-None-Match", etag)))
    row = _row(name, ours, theirs, 0.5)
    return replace(row, reference="bare Flask, 304", what=f"{row.what}, 304")


def _row(
    name: str, ours: Target, theirs: Target, goal: float, clients: int = CLIENTS
) -> Row:
    """Load both sides in turn, each after a warm-up."""
    for target in (ours, theirs):
        requests_per_second(target, clients=clients, seconds=1.0)
    found = rounds(
        ROUNDS,
        lambda: requests_per_second(ours, clients=clients, seconds=SECONDS),
        lambda: requests_per_second(theirs, clients=clients, seconds=SECONDS),
    )
    return _row_of(name, ours, found, goal, clients)


def _row_of(
    name: str,
    ours: Target,
    found: tuple[Sequence[float], Sequence[float]],
    goal: float,
    clients: int,
) -> Row:
    return Row(
        name=name,
        what=f"GET {ours.path.partition('?')[0]}, unchanged",
        reference="bare Flask, same bytes",
        unit="requests/s",
        ours=list(found[0]),
        theirs=list(found[1]),
        goal=Goal("at least", goal),
        setting={
            "worker class": "gthread",
            "workers": WORKERS,
            "threads": THREADS,
            "clients": clients,
            "body bytes": len(settled(ours).body),
        },
    )


def settled(target: Target) -> Answer:
    """Request the page until it is cached; return the last answer."""
    connection = Connection(target)
    answers = [connection.ask() for _ in range(3)]
    connection.close()
    return answers[-1]


def _timed(connection: Connection, part: str = "") -> float:
    """Time one request whose answer has some part."""
    began = time.perf_counter()
    answer = connection.ask()
    seconds = time.perf_counter() - began
    if answer.status != HTTPStatus.OK or part.encode() not in answer.body:
        message = f"the answer is {answer.status} or lacks {part}"
        raise RuntimeError(message)
    return seconds


def _people(environ: dict[str, str]) -> dict[str, str]:
    """Create a viewer who follows ten authors; return everyone's token."""
    names = ["viewer", *(f"author{number}" for number in range(FOLLOWEES))]
    tokens = {}
    for name in names:
        email = f"{name}@example.org"
        kwip(environ, "users", "create", name, "--email", email, "--password", PASSWORD)
        tokens[name] = kwip(environ, "users", "token", name)["token"]
    for name in names[1:]:
        kwip(environ, "users", "follow", "viewer", name)
    return tokens


def _post(site: Site, name: str, number: int, parent_id: int | None = None) -> int:
    text = f"Post {number}: " + "some words of an ordinary length " * 3
    header, token = site.bearer(name)
    status = {"status": text, "in_reply_to_id": parent_id and str(parent_id)}
    request = Request(
        f"http://127.0.0.1:{site.port}/api/v1/statuses",
        data=json.dumps(status).encode(),
        headers={header: token, "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:  # noqa: S310 -- our own server
        return int(json.loads(answer.read())["id"])


def _conversation(site: Site, database: Any) -> int:
    """Begin a long conversation; return its id.

    Everyone replies once through Kwip. The other replies are copies of these, made in
    the database because posting them would take minutes; each answers an earlier one.
    """
    root_id = _post(site, "author0", 0)
    ids = [root_id]
    for number in range(FOLLOWEES):
        ids.append(_post(site, f"author{number}", number, root_id))
        _await_delivery(database, ids[-1])
    said = list(database["posts"].find({"_id": {"$in": ids[1:]}}))
    copies = []
    for number in range(len(said), REPLIES):
        post_id = ids[-1] + 1
        parent = {"in_reply_to_id": ids[number // 2]}
        copies.append({**said[number % len(said)], "_id": post_id, **parent})
        ids.append(post_id)
    database["posts"].insert_many(copies)
    return root_id


def _await_delivery(database: Any, post_id: int) -> None:
    """Wait until a post is in every home."""
    end = time.monotonic() + _DELIVERED_S
    while True:
        found = database["posts"].find_one({"_id": post_id}, {"fanout.state": 1})
        if found["fanout"]["state"] == "done":
            return
        if time.monotonic() > end:
            message = f"post {post_id} is not delivered"
            raise TimeoutError(message)
        time.sleep(0.005)


def _sign_in(site: Site) -> str:
    """Sign the viewer in by the form on the page; return the cookie."""
    jar = CookieJar()
    opener = build_opener(HTTPCookieProcessor(jar))
    address = f"http://127.0.0.1:{site.port}/login"
    with opener.open(address, timeout=10) as page:
        form = page.read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    fields = {"login": "viewer", "password": PASSWORD, "csrf_token": token and token[1]}
    with opener.open(address, urlencode(fields).encode(), timeout=10) as answer:
        answer.read()
    with opener.open(address.replace("/login", "/home"), timeout=10) as answer:
        answer.read()  # the first page's form token is added to the cookie
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
