"""A network of users and posts, as `kwip world load` reads and generates it.

Everything about a world follows from its two files and a seed, so a load that was
killed resumes as if nothing had happened.
"""

from __future__ import annotations

import hashlib
import json
import random
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

#: Two node numbers are packed into one 64-bit integer.
_NODE_BITS = 31
_MAX_NODE = (1 << _NODE_BITS) - 1
_FIELDS = 2
_DIGITS = 20
#: One in so many posts replies to an earlier one.
_REPLY_ONE_IN = 5


class LineError(Exception):
    """An invalid line: its number, from 1, and what is wrong with it."""

    def __init__(self, number: int, problem: str):
        super().__init__(f"line {number}: {problem}")
        self.number = number
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Graph:
    """Who follows whom: node numbers in order, and distinct edges between them.

    `edges` are ordered by follower; 8 bytes each.
    """

    nodes: array[int]
    edges: array[int]

    def by_follower(self, start: int = 0) -> Iterator[tuple[int, int]]:
        """Iterate over (follower, followee) in the order of followers."""
        for i in range(start, len(self.edges)):
            yield self.edges[i] >> _NODE_BITS, self.edges[i] & _MAX_NODE

    def by_followee(self) -> Iterator[tuple[int, int]]:
        """Iterate over (follower, followee) in the order of followees."""
        turned = ((e & _MAX_NODE) << _NODE_BITS | e >> _NODE_BITS for e in self.edges)
        for edge in sorted(turned):
            yield edge & _MAX_NODE, edge >> _NODE_BITS

    def followers_counts(self) -> list[int]:
        """Count the followers of each node, in the order of `nodes`."""
        counts = dict.fromkeys(self.nodes, 0)
        for edge in self.edges:
            counts[edge & _MAX_NODE] += 1
        return list(counts.values())


@dataclass(frozen=True, slots=True)
class Saying:
    """A text to publish, and its language if known."""

    text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Planned:
    """One post of a world: its author's node, and the number of its parent."""

    author: int
    saying: Saying
    answers: int | None


def username_of(node: int) -> str:
    """Return the username of a node."""
    return f"n{node}"


def parse_graph(lines: Iterable[bytes], users: int | None = None) -> Graph:
    """Parse lines of two node numbers, `follower followee`.

    Empty lines and those that begin with `#` are ignored. A node with a self-loop is a
    user, but the loop is no follow; duplicate edges count once. With `users`, only that
    many nodes with the lowest numbers and the edges between them.

    Raises:
        LineError: A line is something else.
    """
    nodes: set[int] = set()
    edges: set[int] = set()
    for number, line in enumerate(lines, start=1):
        if line.startswith(b"#") or not line.strip():
            continue
        follower, followee = _edge(number, line)
        nodes.add(follower)
        nodes.add(followee)
        if follower != followee:
            edges.add(follower << _NODE_BITS | followee)
    chosen = sorted(nodes)[:users]
    if len(chosen) < len(nodes):
        kept = set(chosen)
        edges = {e for e in edges if e >> _NODE_BITS in kept and e & _MAX_NODE in kept}
    return Graph(array("q", chosen), array("q", sorted(edges)))


def _edge(number: int, line: bytes) -> tuple[int, int]:
    fields = line.split()
    if len(fields) != _FIELDS or not b"".join(fields).isdigit():
        raise LineError(number, "expected two node numbers")
    # Enough digits to be too large, and few enough to be parsed fast.
    follower, followee = int(fields[0][:_DIGITS]), int(fields[1][:_DIGITS])
    if follower > _MAX_NODE or followee > _MAX_NODE:
        raise LineError(number, f"node numbers must be at most {_MAX_NODE}")
    return follower, followee


def parse_sayings(lines: Iterable[bytes], clean: Callable[[str], str]) -> list[Saying]:
    """Parse lines of JSON objects with `text` and optionally `lang`; skip empty ones.

    `clean` returns a text as it is stored, or raises InvalidError.

    Raises:
        LineError: A line is something else, or its text cannot be published.
    """
    return [
        _saying(number, line, clean)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _saying(number: int, line: bytes, clean: Callable[[str], str]) -> Saying:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError(number, "not valid JSON") from error
    text = row.get("text") if isinstance(row, dict) else None
    language = row.get("lang") if isinstance(row, dict) else None
    if not isinstance(text, str) or not isinstance(language, str | None):
        raise LineError(number, 'expected a JSON object with a "text"')
    try:
        return Saying(clean(text), language)
    except InvalidError as error:
        problem = " ".join([error.message, *error.fields.values()])
        raise LineError(number, problem) from error


class World:
    """A graph, what its users say, and the seed that decides who says what.

    Args:
        graph: At least one node.
        sayings: At least one.
        seed: A different one gives a different sequence of posts.
    """

    def __init__(self, graph: Graph, sayings: Sequence[Saying], seed: int):
        self.graph = graph
        self._sayings = sayings
        self._seed = seed
        # An author is drawn in proportion to followers + 1.
        self._weights = list(accumulate(n + 1 for n in graph.followers_counts()))

    def digest(self) -> str:
        """Return 16 hex digits that identify a world, from everything it is made of."""
        digest = hashlib.blake2b(digest_size=8)
        digest.update(repr(self._seed).encode())
        digest.update(self.graph.nodes.tobytes())
        digest.update(self.graph.edges.tobytes())
        for saying in self._sayings:
            digest.update(repr(saying).encode())
        return digest.hexdigest()

    def plan(self, number: int) -> Planned:
        """Draw post `number`, from 0; the result is always the same."""
        rng = random.Random(f"{self._seed}:{number}")  # noqa: S311 -- no secret
        drawn = rng.randrange(self._weights[-1])
        author = self.graph.nodes[bisect_right(self._weights, drawn)]
        saying = self._sayings[rng.randrange(len(self._sayings))]
        is_reply = number > 0 and rng.randrange(_REPLY_ONE_IN) == 0
        return Planned(author, saying, rng.randrange(number) if is_reply else None)
