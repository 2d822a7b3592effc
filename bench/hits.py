"""Rows for what the cache saves under the load of a real network.

Readers and authors are drawn by Zipf's law from the network's own order: who follows
most reads most, who is followed most writes most. One act in 20 is a post, delivered
before the next act; the others read a page of home.
"""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from bench.deliveries import deliver, publish
from bench.reads import Site, site
from bench.rows import Goal, Row
from bench.worlds import WHOLE
from kwip import telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.reads import Reader
    from kwip.domain.ids import UserId

ROUNDS, ACTS, WARM_UP, WRITES = 3, 1_000, 6_000, 0.05


class Load:
    """Acts of a network, always in the same order."""

    def __init__(self, here: Site):
        users = here.wiring.store.database["users"]
        self._here = here
        self._chance = random.Random(1)  # noqa: S311 -- no secret
        self._readers, self._reads = _ranked(users, "following_count")
        self._authors, self._posts = _ranked(users, "followers_count")
        self._known: dict[UserId, Reader] = {}

    def act(self, number: int, *, has_cache: bool = True) -> tuple[int, int]:
        """Do so many acts; return the reads and their commands to MongoDB."""
        here, reads, commands = self._here, 0, 0
        for _ in range(number):
            if self._chance.random() < WRITES:
                [author] = self._chance.choices(self._authors, cum_weights=self._posts)
                deliver(here.wiring, publish(here.wiring, author))
                continue
            reader = self._reader()
            here.commands.sent.clear()
            here.commands.is_on = True
            with _cache(here, is_used=has_cache):
                reader.read()
            here.commands.is_on = False
            commands += len(here.commands.sent)
            reads += 1
        return reads, commands

    def _reader(self) -> Reader:
        [user_id] = self._chance.choices(self._readers, cum_weights=self._reads)
        if user_id not in self._known:
            user = self._here.wiring.stores.users.get_many([user_id])[user_id]
            self._known[user_id] = self._here.reader(user)
        return self._known[user_id]


def _ranked(users: object, by: str) -> tuple[list[UserId], list[float]]:
    """Return users sorted by a counter, with the running sum of their weights."""
    found = users.find({by: {"$gt": 0}}, {"_id": 1}).sort(by, -1)  # type: ignore[attr-defined]
    ids = [document["_id"] for document in found]
    weights = itertools.accumulate(1 / rank for rank in range(1, len(ids) + 1))
    return ids, list(weights)


class _cache:  # noqa: N801 -- reads as a word of the language
    """Take away the right to use the cache, or leave it."""

    def __init__(self, here: Site, *, is_used: bool):
        self._fence = here.wiring.fence
        self._is_used = is_used

    def __enter__(self) -> None:
        if not self._is_used:
            vars(self._fence)["lease"] = lambda: None

    def __exit__(self, *_: object) -> None:
        vars(self._fence).pop("lease", None)


def _loaded() -> float:
    """Count the objects that were read from MongoDB, with or without a cache."""
    return sum(
        sample.value
        for metric in telemetry.CACHE_REQUESTS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
        and sample.labels["result"] in {"miss", "bypass"}
    )


def hits() -> Iterator[Row]:
    """Measure the share of objects that are not loaded, and the commands saved."""
    with site(WHOLE, is_recording=True) as here:
        here.flush()
        load = Load(here)
        load.act(WARM_UP)
        shares, with_cache, without = [], [], []
        for _ in range(ROUNDS):
            before = _loaded()
            reads, commands = load.act(ACTS)
            missed = (_loaded() - before) / reads
            with_cache.append(commands / reads)
            before = _loaded()
            reads, commands = load.act(ACTS // 5, has_cache=False)
            needed = (_loaded() - before) / reads
            without.append(commands / reads)
            shares.append(100 * (1 - missed / needed))
        setting: dict[str, str | int | float] = {
            "acts before": WARM_UP,
            "acts a round": ACTS,
            "reads": "95 %",
            "users": len(load._readers),  # noqa: SLF001 -- our own
        }
        yield Row(
            name="hit_ratio",
            what="objects of a home read that need not be loaded",
            reference="",
            unit="%",
            ours=shares,
            theirs=[],
            goal=Goal("at least", 95.0),
            setting=setting,
        )
        yield Row(
            name="commands",
            what="commands to MongoDB for a home read without a cache",
            reference="with it",
            unit="commands",
            ours=without,
            theirs=with_cache,
            goal=Goal("at least", 15.0),
            setting=setting,
        )
