"""Polls: questions with a few options, which readers answer until an end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

#: Mastodon's limits; apps read them from the instance.
MIN_OPTIONS, MAX_OPTIONS = 2, 4
OPTION_MAX = 50
MIN_DURATION_S, MAX_DURATION_S = 5 * 60, 2_629_746


@dataclass(frozen=True, slots=True)
class Option:
    """An answer, and how many chose it."""

    title: str
    votes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A poll as its post carries it.

    `voters` are people, `Option.votes` their choices. `round` rises when an edit
    discards the votes: a ballot of an earlier round counts no longer.
    """

    options: tuple[Option, ...]
    expires_at: dt.datetime
    is_multiple: bool = False
    hides_totals: bool = False
    voters: int = 0
    round: int = 1

    @property
    def votes(self) -> int:
        """How many choices were made, of all options."""
        return sum(option.votes for option in self.options)

    def is_over(self, now: dt.datetime) -> bool:
        """Return whether nobody can vote any more."""
        return self.expires_at <= now

    def ballot(self, choices: Collection[int]) -> int:
        """Return the choices of one person as a number, together with the round."""
        return self.round << MAX_OPTIONS | sum(1 << each for each in set(choices))

    def choices(self, ballot: int) -> tuple[int, ...]:
        """Return what a ballot chose; nothing if it is of an earlier round."""
        if ballot >> MAX_OPTIONS != self.round:
            return ()
        return chosen(ballot)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoll:
    """A poll as the author of a post writes it."""

    titles: tuple[str, ...]
    duration_s: int
    is_multiple: bool = False
    hides_totals: bool = False

    def begin(self, now: dt.datetime) -> Poll:
        """Return the poll that begins now."""
        return Poll(
            options=tuple(map(Option, self.titles)),
            expires_at=now + dt.timedelta(seconds=self.duration_s),
            is_multiple=self.is_multiple,
            hides_totals=self.hides_totals,
        )


def chosen(ballot: int) -> tuple[int, ...]:
    """Return the choices in a ballot of any round."""
    return tuple(each for each in range(MAX_OPTIONS) if ballot >> each & 1)


def round_of(ballot: int) -> int:
    """Return the round that a ballot is of."""
    return ballot >> MAX_OPTIONS
