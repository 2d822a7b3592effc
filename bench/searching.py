"""Rows for searching: 100,000 kwips beside 10,000, by the same queries.

The texts of the network are cut in half and joined at random, so that there are enough
of them and their words are as common as in real ones.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.reindexing import p95
from bench.rows import Goal, Row, rounds
from bench.worlds import NoNetworkError, empty_world
from kwip.domain.accounts.users import User, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import PostId, UserId, first_id_at, ms_of
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.search import SearchRequest
from kwip.store.delivery.outbox import pending
from kwip.store.posting.post_documents import to_document
from kwip.text.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kwip.wiring import Wiring

FEW, MANY = 10_000, 100_000
ROUNDS, QUERIES = 5, 60
#: As many as in the network whose texts they are.
USERS, BATCH, A_MINUTE_MS = 82_168, 1_000, 60_000


@dataclass(frozen=True)
class Words:
    """The words of the texts, by how common they are."""

    texts: list[str]
    common: list[str]
    rare: list[str]

    @classmethod
    def read(cls) -> Words:
        """Read the texts that the environment names."""
        path = os.environ.get("BENCH_TEXTS")  # noqa: TID251 -- as in `worlds`
        if not path:
            message = "name its texts: BENCH_TEXTS"
            raise NoNetworkError(message)
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        texts = [json.loads(line)["text"] for line in lines]
        seen = Counter(w for t in texts for w in set(t.lower().split()) if w.isalpha())
        common = [word for word, _ in seen.most_common(20)]
        return cls(texts, common, [word for word, n in seen.items() if n == 3])  # noqa: PLR2004

    def text(self, chance: random.Random) -> str:
        """Join the halves of two texts."""
        first, second = (chance.choice(self.texts).split() for _ in range(2))
        joined = first[: len(first) // 2] + second[len(second) // 2 :]
        return " ".join(joined) or "nothing"

    def phrase(self, chance: random.Random) -> str:
        """Take two words that follow each other."""
        words = chance.choice(self.texts).replace('"', "").split()
        begin = chance.randrange(max(1, len(words) - 2))
        return f'"{" ".join(words[begin : begin + 2])}"'


def search() -> Iterator[Row]:
    """Compare searches of many kwips with the same of few."""
    words = Words.read()
    kinds: Mapping[str, Callable[[random.Random], str]] = {
        "common": lambda chance: chance.choice(words.common),
        "rare": lambda chance: chance.choice(words.rare),
        "two": lambda chance: " ".join(chance.sample(words.common, 2)),
        "phrase": words.phrase,
        "from": lambda chance: f"from:u{chance.randrange(1, 30)}",
    }
    with ExitStack() as ends:
        few, many = (_filled(ends, words, number) for number in (FEW, MANY))
        for name, query in kinds.items():
            asked = [query(random.Random(i)) for i in range(QUERIES)]  # noqa: S311
            _time(few, asked), _time(many, asked)
            sides = partial(_time, many, asked), partial(_time, few, asked)
            found = rounds(ROUNDS, *sides)
            yield Row(
                name=f"search_{name}",
                what=f"95th percentile of searches by {_SAID[name]}: {MANY:,} kwips",
                reference=f"{FEW:,} kwips",
                unit="s",
                ours=found[0],
                theirs=found[1],
                goal=Goal("at most", 1.5),
                setting={"queries": QUERIES, "users": USERS, "rounds": ROUNDS},
                notes={"p95_ms": statistics.median(found[0]) * 1_000},
            )


_SAID = {
    "common": "a common word",
    "rare": "a rare word",
    "two": "two common words",
    "phrase": "a phrase",
    "from": "an author",
}


def _filled(ends: ExitStack, words: Words, number: int) -> Wiring:
    """Make a site with so many kwips, all of them in the index."""
    wiring = ends.enter_context(empty_world())
    users = [
        User(id=UserId((i + 1) << 16), username=f"u{i}", display_name="")
        for i in range(USERS)
    ]
    wiring.stores.users.create_many(users)
    chance = random.Random(1)  # noqa: S311 -- no secret
    now = at(system_clock_ms())
    fanout = pending(now, now) | {"state": "done", "mode": "push"}
    start = system_clock_ms() - number * A_MINUTE_MS
    for first in range(0, number, BATCH):
        posts = [
            _post(words.text(chance), start + i * A_MINUTE_MS, chance)
            for i in range(first, first + BATCH)
        ]
        wiring.store.database["posts"].insert_many(
            to_document(post, f"n{post.id}", fanout) for post in posts
        )
        wiring.services.search_index.put(posts)
    return wiring


def _post(text: str, ms: int, chance: random.Random) -> Post:
    post_id = PostId(first_id_at(ms) | chance.randrange(16))
    found = parse(text, host="kwip.example")
    author = int(chance.paretovariate(0.8)) % USERS
    return Post(
        id=post_id,
        author_id=UserId((author + 1) << 16),
        text=text,
        visibility=Visibility.PUBLIC,
        created_at=at(ms_of(post_id)),
        root_id=post_id,
        links=found.links,
        hashtags=found.hashtags,
        language="en" if chance.random() < 1 / 2 else None,
    )


def _time(wiring: Wiring, asked: list[str]) -> float:
    viewer = Viewer(id=UserId(2 << 16), username="u1", digest="0")
    spent = []
    for text in asked:
        loader = wiring.services.loaders.begin()
        request = SearchRequest(text=text, kind="statuses", page=PageRequest())
        began = time.perf_counter()
        wiring.services.search.page(viewer, loader, request)
        spent.append(time.perf_counter() - began)
    return p95(spent)
