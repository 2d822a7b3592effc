"""A realistic load: which requests come when, and how their answers are rated.

Arrivals are an open loop: users do not wait for each other, so a slow server still gets
the same requests, and latency is measured from the scheduled send time.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Act = Literal["home", "page", "widget", "post", "follow"]

#: Of 100 requests: homes by the API, pages in a browser, widgets, posts, follows.
SHARES: Mapping[Act, int] = {
    "home": 70,
    "page": 15,
    "widget": 10,
    "post": 4,
    "follow": 1,
}
#: A slower answer is too late to be useful.
IN_TIME_S = 1.0


@dataclass(frozen=True, slots=True)
class Planned:
    """One request: its time, in seconds from the start, and what it does.

    `draw` decides who sends it, and about whom: a random number from 0 up to 1.
    """

    at_s: float
    act: Act
    draw: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The result of one request; `status` is 0 if there was no answer."""

    planned: Planned
    status: int
    took_s: float

    @property
    def is_in_time(self) -> bool:
        """Whether it succeeded before the user gave up."""
        return 200 <= self.status < 400 and self.took_s <= IN_TIME_S  # noqa: PLR2004


def plan(
    rate: float, seconds: float, seed: int, shares: Mapping[Act, float] = SHARES
) -> Iterator[Planned]:
    """Draw the requests of a load at random, `rate` a second on average.

    The same arguments give the same requests.
    """
    rng = random.Random(f"drive:{seed}")  # noqa: S311 -- no secret
    acts, weights = list(shares), list(accumulate(shares.values()))
    at_s = rng.expovariate(rate)
    while at_s < seconds:
        [act] = rng.choices(acts, cum_weights=weights)
        yield Planned(at_s, act, rng.random())
        at_s += rng.expovariate(rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """The results of a load.

    Attributes:
        rate: Requests wanted a second.
        requests: The number of all requests.
        in_time_per_s: Good answers within `IN_TIME_S`, a second.
        p50_ms: The median time of all answers, without refusals; None if the median
            request got no good answer.
        p95_ms: Their 95th percentile.
        p99_ms: Their 99th.
        p95_by_act_ms: The 95th percentile of each kind.
        statuses: How often each status came; 0 for no answer.
    """

    rate: float
    requests: int
    in_time_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    p95_by_act_ms: Mapping[str, float | None]
    statuses: Mapping[str, int]


def sum_up(rate: float, seconds: float, answers: Sequence[Answered]) -> Driven:
    """Sum up the answers to a load.

    In the percentiles, no answer or a server error counts as infinitely slow; a refusal
    because of overload (503) does not count.
    """
    served = [a for a in answers if a.status != 503]  # noqa: PLR2004
    by_act = {act: [a for a in served if a.planned.act == act] for act in SHARES}
    return Driven(
        rate=rate,
        requests=len(answers),
        in_time_per_s=round(sum(a.is_in_time for a in answers) / seconds, 1),
        p50_ms=_percentile_ms(served, 0.5),
        p95_ms=_percentile_ms(served, 0.95),
        p99_ms=_percentile_ms(served, 0.99),
        p95_by_act_ms={
            act: _percentile_ms(some, 0.95) for act, some in by_act.items() if some
        },
        statuses={
            str(status): count
            for status, count in sorted(Counter(a.status for a in answers).items())
        },
    )


def _percentile_ms(answers: Sequence[Answered], part: float) -> float | None:
    times = sorted(
        math.inf if a.status == 0 or a.status >= 500 else a.took_s  # noqa: PLR2004
        for a in answers
    )
    found = times[int(len(times) * part)] if times else math.inf
    return None if math.isinf(found) else round(found * 1000, 1)
