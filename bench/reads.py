"""Rows for the cost of reading a home: in growing worlds, cold, and far down.

The app is called in this process, so that only Kwip and its servers are measured; the
request is built before the clock starts.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pymongo
from pymongo.monitoring import CommandListener
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.deliveries import deliver, publish
from bench.rows import Goal, Row, rounds
from bench.worlds import SMALL, WHOLE, home_of, servers_of, wired
from config.settings import load
from kwip.app import create_app
from kwip.domain.accounts.users import READ, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import PostId, first_id_at
from kwip.domain.posting.posts import Post, Visibility
from kwip.store.delivery.outbox import pending
from kwip.store.posting.post_documents import to_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask import Flask

    from kwip.domain.accounts.users import User
    from kwip.wiring import Wiring

ROUNDS, READERS, REPEATS = 7, 10, 12
#: A warm page takes half a millisecond.
WARM_REPEATS = 80
PAGE, DEEP = 20, 1_000
HOME = f"/api/v1/timelines/home?limit={PAGE}"
#: Fields that the driver adds to each command.
_ADDED = ("lsid", "$clusterTime", "$db", "txnNumber", "maxTimeMS")


class Commands(CommandListener):
    """Record every command to MongoDB as it was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.is_on = False

    def started(self, event: Any) -> None:
        """Record a command."""
        if self.is_on:
            command = {k: v for k, v in event.command.items() if k not in _ADDED}
            self.sent.append(command)

    def succeeded(self, event: Any) -> None:
        """Do nothing."""

    def failed(self, event: Any) -> None:
        """Do nothing."""


class Site:
    """A world's servers and an app on them, in this process."""

    def __init__(
        self, wiring: Wiring, app: Flask, environ: dict[str, str], commands: Commands
    ):
        self.wiring = wiring
        self.environ = environ
        self.commands = commands
        self._app = app

    def flush(self) -> None:
        """Empty the cache."""
        self.wiring.cache.insist("FLUSHALL", fresh=False)

    def following(self, least: int, most: int, number: int) -> list[User]:
        """Draw users who follow that many, always the same ones."""
        users = self.wiring.store.database["users"]
        query = {"following_count": {"$gte": least, "$lte": most}}
        ids = [d["_id"] for d in users.find(query, {"_id": 1}).sort("_id", 1)]
        chosen = random.Random(1).sample(ids, number)  # noqa: S311 -- no secret
        return list(self.wiring.stores.users.get_many(chosen).values())

    def stock(self, reader: User, posts: int = PAGE + 5) -> None:
        """Let a reader's followees publish enough for a page of home."""
        followees = self.wiring.edges.followees(reader.id)
        for number in range(posts):
            author_id = followees[number % len(followees)]
            deliver(self.wiring, publish(self.wiring, author_id))

    def reader(self, user: User) -> Reader:
        """Give a user a token and a page of home."""
        viewer = Viewer(id=user.id, username=user.username, digest="")
        scopes = frozenset({READ})
        _, token = self.wiring.services.authentication.create_token(
            viewer, "bench", scopes
        )
        return Reader(self._app, token)

    def lease(self) -> None:
        """Wait until the cache may be used."""
        self.wiring.fence.await_lease(within_s=10.0)


class Reader:
    """A user who reads home through the app."""

    def __init__(self, app: Flask, token: str):
        self._app = app
        self._token = token

    def read(self, path: str = HOME) -> tuple[float, list[dict[str, Any]]]:
        """Read a page; return the seconds and the posts."""
        headers = {"Authorization": f"Bearer {self._token}"}
        environ = EnvironBuilder(path=path, headers=Headers(headers)).get_environ()
        began = time.perf_counter()
        body, status, _ = run_wsgi_app(self._app.wsgi_app, environ, buffered=True)
        raw = b"".join(body)
        seconds = time.perf_counter() - began
        if not status.startswith("200"):
            message = f"{path} answered {status}"
            raise RuntimeError(message)
        posts: list[dict[str, Any]] = json.loads(raw)
        return seconds, posts

    def full(self) -> Reader:
        """Check that home has a whole page."""
        _, posts = self.read()
        if len(posts) != PAGE:
            message = f"home shows {len(posts)} posts"
            raise RuntimeError(message)
        return self


@contextmanager
def site(world: str, *, is_recording: bool = False) -> Iterator[Site]:
    """Run the servers of a world and make an app on them.

    Only with `is_recording` it records commands: that costs time that no site spends.
    """
    with (
        servers_of(home_of(world)) as environ,
        _app(environ, is_recording=is_recording) as here,
    ):
        yield here


@contextmanager
def _app(environ: dict[str, str], *, is_recording: bool) -> Iterator[Site]:
    commands = Commands()
    with wired(environ, (commands,) if is_recording else ()) as wiring:
        yield Site(wiring, create_app(wiring, load(environ)), environ, commands)


def cold() -> Iterator[Row]:
    """Compare a cold read of home with its bare commands to MongoDB."""
    with site(WHOLE) as here, ExitStack() as ends:
        users = here.following(10, 60, READERS)
        for user in users:
            here.stock(user)
        readers = [here.reader(user).full() for user in users]
        client = ends.enter_context(_bare_client(here.wiring))
        database = client[here.wiring.endpoints.database]
        asked = _commands_of(here, users)

        def ours() -> float:
            return statistics.median(_cold(here, reader) for reader in readers)

        def theirs() -> float:
            return statistics.median(_replay(database, each) for each in asked)

        ours(), theirs()
        found = rounds(ROUNDS, ours, theirs)
        yield Row(
            name="cold",
            what="GET /api/v1/timelines/home with an empty cache",
            reference="the same commands to MongoDB, bare, one after the other",
            unit="s",
            ours=found[0],
            theirs=found[1],
            goal=Goal("at most", 1.6),
            setting={
                "readers": len(readers),
                "posts": PAGE,
                "commands": statistics.median(map(len, asked)),
                "called": "in this process, without a web server",
            },
        )


@contextmanager
def _bare_client(wiring: Wiring) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
    with pymongo.MongoClient[dict[str, Any]](
        wiring.endpoints.mongodb_uri, tz_aware=True
    ) as client:
        yield client


def _cold(here: Site, reader: Reader) -> float:
    here.flush()
    return reader.read()[0]


def _commands_of(here: Site, users: Sequence[User]) -> list[list[dict[str, Any]]]:
    """Record the commands of each user's cold read, through another app.

    Only cursors of a single batch, and nothing of new connections (they are empty).
    """
    asked = []
    with _app(here.environ, is_recording=True) as recording:
        sent = recording.commands.sent
        for reader in [recording.reader(user).full() for user in users]:
            here.flush()
            sent.clear()
            recording.commands.is_on = True
            reader.read()
            recording.commands.is_on = False
            asked.append([each for each in sent if each and "getMore" not in each])
    return asked


def _replay(database: Any, commands: Sequence[dict[str, Any]]) -> float:
    began = time.perf_counter()
    for command in commands:
        database.command(command)
    return time.perf_counter() - began


def size() -> Iterator[Row]:
    """Compare the home of a few among many users with that among a thousand."""
    with site(WHOLE) as large, site(SMALL) as small:
        sides = [_warm_side(here) for here in (large, small)]
        found = rounds(ROUNDS, *sides)
        yield Row(
            name="size",
            what="GET home, warm, among 82 thousand users",
            reference="the same among 1 thousand",
            unit="s",
            ours=found[0],
            theirs=found[1],
            goal=Goal("at most", 1.1),
            setting={"readers": READERS, "posts": PAGE},
        )


def _warm_side(here: Site) -> Any:
    users = here.following(10, 40, READERS)
    for user in users:
        here.stock(user)
    readers = [here.reader(user).full() for user in users]
    return lambda: _warm(readers)


def _warm(readers: Sequence[Reader]) -> float:
    """Read everyone's home several times; the median of those after the first."""
    seconds = []
    for reader in readers:
        reader.read()
        seconds += [reader.read()[0] for _ in range(WARM_REPEATS)]
    return statistics.median(seconds)


def follows() -> Iterator[Row]:
    """Compare the home of a user who follows 2,500 with that of one who follows ten."""
    with site(WHOLE) as here:
        most = here.wiring.store.database["users"].find_one(
            {}, {"following_count": 1}, sort=[("following_count", -1)]
        )
        assert most is not None, "the world has users"
        many = list(here.wiring.stores.users.get_many([most["_id"]]).values())
        few = here.following(10, 10, 1)
        for user in (*many, *few):
            here.stock(user)
        sides = [here.reader(user).full() for user in (*many, *few)]
        warm = rounds(ROUNDS, *(lambda s=side: _warm([s]) for side in sides))
        cold = rounds(
            ROUNDS,
            *(
                lambda s=side: statistics.median(_cold(here, s) for _ in range(REPEATS))
                for side in sides
            ),
        )
        for name, found, most_ratio in (("warm", warm, 1.1), ("cold", cold, 1.3)):
            yield Row(
                name=f"follows_{name}",
                what=f"GET home, {name}, for {most['following_count']:,} follows",
                reference="for 10 follows",
                unit="s",
                ours=found[0],
                theirs=found[1],
                goal=Goal("at most", most_ratio),
                setting={"posts": PAGE},
            )


def deep() -> Iterator[Row]:
    """Compare page 1,000 of a home with its first page."""
    with site(SMALL) as here:
        user = here.following(10, 40, 1)[0]
        ids = _fill(here, user, (DEEP + 5) * PAGE)
        reader = here.reader(user).full()
        here.lease()
        last = ids[(DEEP - 1) * PAGE - 1]
        path = f"{HOME}&max_id={last}"
        shown = [int(post["id"]) for post in reader.read(path)[1]]
        if shown != ids[(DEEP - 1) * PAGE : DEEP * PAGE]:
            message = f"page {DEEP} is another one"
            raise RuntimeError(message)

        def read(of: str) -> float:
            seconds = []
            for _ in range(REPEATS):
                here.flush()
                seconds.append(reader.read(of)[0])
            return statistics.median(seconds)

        read(HOME), read(path)
        found = rounds(ROUNDS, lambda: read(path), lambda: read(HOME))
        yield Row(
            name="deep",
            what=f"GET page {DEEP:,} of home with an empty cache",
            reference="its first page with an empty cache",
            unit="s",
            ours=found[0],
            theirs=found[1],
            goal=Goal("at most", 2.0),
            setting={"follows": user.following_count, "posts": PAGE},
        )


def _fill(here: Site, reader: User, number: int) -> list[PostId]:
    """Store delivered posts by a reader's followees; return them newest first."""
    followees = here.wiring.edges.followees(reader.id)
    now_ms = system_clock_ms()
    fanout = pending(at(now_ms), at(now_ms)) | {"state": "done", "mode": "push"}
    made, ids = [], []
    for n in range(number):
        post_id = PostId(first_id_at(now_ms - number + n))
        post = Post(
            id=post_id,
            author_id=followees[n % len(followees)],
            text=f"Kwip {n} {now_ms}",
            visibility=Visibility.PUBLIC,
            created_at=at(now_ms - number + n),
            root_id=post_id,
        )
        made.append(to_document(post, f"n{post_id}", fanout))
        ids.append(post_id)
    here.wiring.store.database["posts"].insert_many(made)
    here.wiring.services.home_backfill.rebuild(reader.id)
    here.flush()
    return ids[::-1]
