"""People to follow, and why they are suggested."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.timelines.views import UserView

SuggestionReason = Literal["followed_by_followees", "popular"]
DirectoryOrder = Literal["active", "new", "random"]
#: Suggestions for one viewer, at most.
MAX_SUGGESTIONS = 40
#: People whom a user has dismissed; the oldest are forgotten.
MAX_DISMISSED = 500


@dataclass(frozen=True, slots=True)
class SuggestionSource:
    """Whom a user's followees follow, and whom the user doesn't want suggested.

    `ranked` begins with those whom most of the followees follow. It may lag, so it does
    not count when two are compared, as `kwip cache verify` does.
    """

    ranked: tuple[UserId, ...] = field(default=(), compare=False)
    dismissed: frozenset[UserId] = frozenset()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A person to follow, and why."""

    view: UserView
    reason: SuggestionReason
