"""Nudges: asking somebody to write again, or to join a conversation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId

#: Whoever has posted within this time cannot be buzzed; nor can anybody be buzzed by
#: the same person more than once in it.
BUZZ_AFTER = dt.timedelta(days=7)
#: Somebody is invited into a conversation by the same person once in this time, which
#: is as long as notifications are kept.
INVITE_AGAIN = dt.timedelta(days=180)
#: The most that a user may do in a day.
MAX_BUZZES, MAX_INVITES = 20, 20
A_DAY = dt.timedelta(days=1)


class NudgeKind(StrEnum):
    """What somebody was nudged to do."""

    BUZZ = "buzz"
    INVITATION = "invitation"


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
