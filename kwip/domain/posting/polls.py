"""Polls: questions with a few options, which readers answer until an end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext

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
    def titles(self) -> tuple[str, ...]:
        """What can be chosen."""
        return tuple(option.title for option in self.options)

    @property
    def votes(self) -> int:
        """How many choices were made, of all options."""
        return sum(option.votes for option in self.options)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many people voted, and how many for each option."""
        return self.voters, *(option.votes for option in self.options)

    def is_over(self, now: dt.datetime) -> bool:
        """Return whether nobody can vote any more."""
        return self.expires_at <= now

    def state(self, *, is_over: bool) -> str:
        """Return what changes whenever its results do, for pages that show them."""
        return f"{self.round}.{self.voters}.{is_over:d}"

    def ballot(self, choices: Collection[int]) -> int:
        """Return the choices of one person as a number, together with the round."""
        return self.round << MAX_OPTIONS | sum(1 << each for each in set(choices))

    def choices(self, ballot: int) -> tuple[int, ...]:
        """Return what a ballot chose; nothing if it is of an earlier round."""
        if round_of(ballot) != self.round:
            return ()
        return chosen(ballot)

    def unchanged(self) -> NewPoll:
        """Return what its author would write to leave it as it is."""
        return NewPoll(
            titles=self.titles,
            duration_s=None,
            is_multiple=self.is_multiple,
            hides_totals=self.hides_totals,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoll:
    """A poll as the author of a post writes it.

    In an edit, `duration_s` is counted from then; None leaves the end as it is.
    """

    titles: tuple[str, ...]
    duration_s: int | None
    is_multiple: bool = False
    hides_totals: bool = False

    def begin(self, now: dt.datetime, old: Poll | None = None, round_: int = 1) -> Poll:
        """Return the poll that begins now, or that an edit makes of an old one.

        The votes of the old one stay, unless its options or how many of them can be
        chosen have changed: then it begins again, with the round.

        Raises:
            InvalidError: It would have no end.
        """
        if self.duration_s is not None:
            expires_at = now + dt.timedelta(seconds=self.duration_s)
        elif old is not None:
            expires_at = old.expires_at
        else:
            why = {"poll": lazy_gettext("Choose how long the poll is open.")}
            raise InvalidError(lazy_gettext("This poll can't be posted."), why)
        same = old and (old.titles, old.is_multiple) == (self.titles, self.is_multiple)
        if old is not None and same:
            return replace(old, expires_at=expires_at, hides_totals=self.hides_totals)
        return Poll(
            options=tuple(map(Option, self.titles)),
            expires_at=expires_at,
            is_multiple=self.is_multiple,
            hides_totals=self.hides_totals,
            round=round_,
        )


def chosen(ballot: int) -> tuple[int, ...]:
    """Return the choices in a ballot of any round."""
    return tuple(each for each in range(MAX_OPTIONS) if ballot >> each & 1)


def round_of(ballot: int) -> int:
    """Return the round that a ballot is of."""
    return ballot >> MAX_OPTIONS
