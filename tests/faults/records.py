"""What clients of several processes have seen and done, and what was wrong with it.

Times are nanoseconds of one clock, for all clients are threads of one process. A write
is acknowledged when its answer has come; what got none may have happened or not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.cache.history import Operation, violations


class Span(NamedTuple):
    """From an acknowledgement until the next request that may undo it."""

    began: int
    ended: int


class Sight(NamedTuple):
    """A read by somebody, and the posts that it showed: ids with their authors."""

    reader: str
    began: int
    ended: int
    posts: tuple


@dataclass
class Records:
    """Everything that was recorded; lists, for appending is atomic."""

    operations: list[Operation] = field(default_factory=list)
    sights: list[Sight] = field(default_factory=list)
    #: Between whom there was nothing to be seen, and when: (reader, author) → spans.
    apart: dict = field(default_factory=lambda: defaultdict(list))
    #: Deleted posts, and when that was acknowledged.
    deleted: dict[int, int] = field(default_factory=dict)
    #: Acknowledged posts that still stand.
    written: set[int] = field(default_factory=set)
    #: Posts whose author did not see them right after.
    missed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    own_reads: int = 0
    #: Requests that were answered 503 because the server was too busy.
    busy: int = 0
    slowest_s: float = 0.0

    def found(self):
        """Give what was wrong, by what it breaks."""
        return {
            "stale": violations(self.operations),
            "own write missed": self.missed,
            "forbidden": self._forbidden(),
            "failed": self.failures,
            "refused": [f"{self.busy} requests"] if self._is_mostly_busy() else [],
        }

    def sizes(self):
        """Count writes, reads and the checks that were made of them."""
        writes = sum(operation.is_write for operation in self.operations)
        others = len(self.deleted) + sum(map(len, self.apart.values()))
        reads = len(self.operations) - writes + len(self.sights) + self.own_reads
        return {"writes": writes + others, "reads": reads, "checks": self.checks()}

    def _is_mostly_busy(self):
        """Tell whether more than one request of ten was refused."""
        sizes = self.sizes()
        return self.busy > (sizes["writes"] + sizes["reads"]) / 10

    def checks(self):
        """Count the reads that could have been found wrong."""
        return (
            sum(not operation.is_write for operation in self.operations)
            + self.own_reads
            + sum(len(sight.posts) for sight in self.sights)
        )

    def sights_while_apart(self):
        """Count the reads that fell wholly into a time of which something is known."""
        return sum(
            any(self._covers(spans, sight) for spans in self._of(sight.reader).values())
            for sight in self.sights
        )

    def _forbidden(self):
        found = []
        for sight in self.sights:
            spans = self._of(sight.reader)
            for post_id, author in sight.posts:
                if self._covers(spans.get(author, ()), sight):
                    found.append(f"{sight.reader} saw {post_id} by {author}")
                if self.deleted.get(post_id, sight.began) < sight.began:
                    found.append(f"{sight.reader} saw {post_id}, which was deleted")
        return found

    def _of(self, reader):
        return {
            author: spans
            for (who, author), spans in self.apart.items()
            if who == reader
        }

    @staticmethod
    def _covers(spans, sight):
        """Tell whether a read lies in one of some spans, which are in order."""
        i = bisect_left(spans, (sight.began, 0)) - 1
        return i >= 0 and sight.ended <= spans[i].ended
