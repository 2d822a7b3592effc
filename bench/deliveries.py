"""Rows for the cost of a delivery: time against a bare push, and bytes of oplog."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bench.oplog import measure as measure_oplog
from bench.rows import Goal, Row, rounds
from bench.worlds import WHOLE, home_of, servers_of, wired
from kwip.domain.batches import batches
from kwip.domain.ids import MAX_ID
from kwip.domain.posting.posts import Draft
from kwip.store.timelines import buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kwip.domain.accounts.users import User
    from kwip.domain.ids import PostId, UserId
    from kwip.wiring import Wiring

ROUNDS, AUTHORS, BURST = 7, 12, 10
CHUNK = 1_000
#: Each form of a delivery: its name, how many posts at once, whether it is that of a
#: sharded cluster, and the most bytes of oplog.
_FORMS = (
    ("single", 1, False, 250.0),
    ("burst", BURST, False, 50.0),
    ("sharded", 1, True, 400.0),
)


@contextmanager
def _whole_network(*, is_sharded: bool = False) -> Iterator[Wiring]:
    with (
        servers_of(home_of(WHOLE)) as environ,
        wired(environ, is_sharded=is_sharded) as wiring,
    ):
        yield wiring


def most_followed(wiring: Wiring, number: int) -> list[User]:
    """Find the authors with the most followers, in descending order."""
    ids = wiring.store.database["users"].find({}, {"_id": 1})
    best = ids.sort("followers_count", -1).limit(number)
    found = wiring.stores.users.get_many([d["_id"] for d in best])
    return sorted(found.values(), key=lambda user: -user.followers_count)


def followers_of(wiring: Wiring, author_id: UserId) -> list[UserId]:
    """Return everyone a delivery goes to, except the author."""
    return wiring.edges.followers(author_id, above=0, upto=MAX_ID, limit=1_000_000)


def publish(wiring: Wiring, author_id: UserId) -> PostId:
    """Publish a post without delivering it."""
    text = f"Number {time.monotonic_ns()}"
    return wiring.services.posts.publish(author_id, Draft(text=text)).id


def deliver(wiring: Wiring, post_id: PostId) -> tuple[int, float]:
    """Deliver a post and what waits with it; return the deliveries and the seconds."""
    began = time.perf_counter()
    lease = wiring.services.fanout.begin(post_id)
    delivered = 0 if lease is None else wiring.services.fanout.deliver(lease)
    return delivered, time.perf_counter() - began


class BarePush:
    """The same pushes into a copy of the homes, and nothing else."""

    def __init__(self, wiring: Wiring, owners: Sequence[str]):
        database = wiring.store.database
        self._owners = owners
        self._copies = database["bench_timelines"]
        self._copies.drop()
        database["timelines"].aggregate(
            [
                {"$match": {"_id": {"$in": list(owners)}}},
                {"$project": {"entries": {"$slice": ["$entries", -64]}, "version": 1}},
                {"$out": "bench_timelines"},
            ]
        )
        self._next = 1

    def push(self, owners: Sequence[str]) -> float:
        """Push one id to each of some owners, in chunks; return the seconds."""
        began = time.perf_counter()
        for chunk in batches(owners, CHUNK):
            self._copies.update_many(
                {"_id": {"$in": list(chunk)}},
                {"$push": {"entries": self._next}, "$inc": {"version": 1}},
            )
        self._next += 1
        return time.perf_counter() - began

    def close(self) -> None:
        """Drop the copy."""
        self._copies.drop()


def fanout() -> Iterator[Row]:
    """Compare the deliveries of one worker's thread with a bare push."""
    with _whole_network() as wiring:
        authors = most_followed(wiring, 100)[:: 100 // AUTHORS][:AUTHORS]
        owners = {
            a.id: [buckets.home_of(f) for f in [a.id, *followers_of(wiring, a.id)]]
            for a in authors
        }
        everybody = sorted({owner for some in owners.values() for owner in some})
        bare = BarePush(wiring, everybody)

        def ours() -> float:
            done, seconds = 0, 0.0
            for author in authors:
                delivered, took = deliver(wiring, publish(wiring, author.id))
                # The author's own home has stored it since the post was written.
                done, seconds = done + delivered, seconds + took
            return done / seconds

        def theirs() -> float:
            seconds = sum(bare.push(owners[author.id]) for author in authors)
            return sum(len(owners[author.id]) for author in authors) / seconds

        ours(), theirs()
        found = rounds(ROUNDS, ours, theirs)
        bare.close()
        yield Row(
            name="fanout",
            what="posts delivered one after the other by one thread of a worker",
            reference="bare update_many with $push, same owners and chunks",
            unit="deliveries/s",
            ours=found[0],
            theirs=found[1],
            goal=Goal("at least", 0.5),
            setting={
                "authors": len(authors),
                "followers": sum(map(len, owners.values())) - len(authors),
                "users": wiring.store.database["users"].estimated_document_count(),
            },
        )


def burst() -> Iterator[Row]:
    """Compare ten posts by one author, delivered together and one at a time."""
    with _whole_network() as wiring:
        author = most_followed(wiring, 1)[0]

        def together() -> float:
            posts = [publish(wiring, author.id) for _ in range(BURST)]
            delivered, seconds = deliver(wiring, posts[0])
            return delivered / seconds

        def apart() -> float:
            done, seconds = 0, 0.0
            for _ in range(BURST):
                delivered, took = deliver(wiring, publish(wiring, author.id))
                done, seconds = done + delivered, seconds + took
            return done / seconds

        together(), apart()
        found = rounds(ROUNDS, together, apart)
        yield Row(
            name="burst",
            what=f"{BURST} posts by one author delivered together",
            reference="the same one at a time",
            unit="deliveries/s",
            ours=found[0],
            theirs=found[1],
            goal=Goal("at least", 4.0),
            setting={"followers": author.followers_count},
        )


def oplog() -> Iterator[Row]:
    """Measure the bytes of oplog of a delivery, in each of its forms."""
    for form, number, is_sharded, most in _FORMS:
        with _whole_network(is_sharded=is_sharded) as wiring:
            author = most_followed(wiring, 1)[0]
            found = [_oplog_bytes(wiring, author.id, number) for _ in range(3)]
        yield Row(
            name=f"oplog_{form}",
            what=f"oplog of a delivery, {number} at once",
            reference="",
            unit="bytes",
            ours=found,
            theirs=[],
            goal=Goal("at most", most),
            setting={
                "followers": author.followers_count,
                "form": "a bulk of single updates" if is_sharded else "update_many",
            },
        )


def _oplog_bytes(wiring: Wiring, author_id: UserId, number: int) -> float:
    log: Any = wiring.store.client["local"]["oplog.rs"]
    before = log.find_one(sort=[("$natural", -1)])["ts"]
    posts = [publish(wiring, author_id) for _ in range(number)]
    deliver(wiring, posts[0])
    found = measure_oplog(log, wiring.store.database.name, after=before, count=number)
    return float(found["bytes_per_delivery"])
