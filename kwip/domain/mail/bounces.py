"""Bounces that come as mail: what a report says about an address."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

#: A mail that a server could not deliver for the time being is no reason to stop; so
#: many of these within `SOFT_WITHIN` are.
MOST_SOFT = 3
SOFT_WITHIN = dt.timedelta(days=7)


class BounceKind(StrEnum):
    """Whether an address is refused for good, or just now; documents store the word."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a server said about an address, such as `5.1.1 No such user`."""

    kind: BounceKind
    problem: str
