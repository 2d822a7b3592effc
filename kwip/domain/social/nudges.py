"""Nudges: asking somebody to write again, or to join a conversation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.messages import Message, lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.ids import PostId, UserId

#: Whoever has posted within this time cannot be buzzed.
BUZZ_AFTER = dt.timedelta(days=7)
A_DAY = dt.timedelta(days=1)


class NudgeKind(StrEnum):
    """What somebody was nudged to do."""

    BUZZ = "buzz"
    INVITATION = "invitation"


class NudgeLimits(NamedTuple):
    """How often: `a_day` in all, and after which time the same person again.

    `says` is for who nudges more people than that.
    """

    a_day: int
    again_after: dt.timedelta
    says: Message


#: An invitation into a conversation is for as long as notifications are kept.
LIMITS: Mapping[NudgeKind, NudgeLimits] = {
    NudgeKind.BUZZ: NudgeLimits(
        20, BUZZ_AFTER, lazy_gettext("You can't buzz more people today.")
    ),
    NudgeKind.INVITATION: NudgeLimits(
        20,
        dt.timedelta(days=180),
        lazy_gettext("You can't invite more people today."),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """A nudge, which is not repeated before it expires; `root_id` is 0 for a buzz."""

    kind: NudgeKind
    actor_id: UserId
    recipient_id: UserId
    root_id: PostId | int = 0
    at: dt.datetime
    expires_at: dt.datetime

    @property
    def name(self) -> str:
        """Its unique name."""
        pair = f"{self.actor_id}:{self.recipient_id}"
        return f"{self.kind.value}:{pair}:{self.root_id}"
