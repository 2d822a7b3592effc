"""Which notifications a user gets by mail, how often, which by push and on pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.timelines.notifications import EVERY_KIND, NotificationKind

if TYPE_CHECKING:
    from collections.abc import Mapping


class Frequency(StrEnum):
    """How often somebody gets mail about notifications, if there are any."""

    SOON = "soon"
    DAY = "day"
    WEEK = "week"


class StaffTopic(StrEnum):
    """What members of staff get mail about, each at once, unless they turn it off."""

    REPORTS = "reports"
    APPLICATIONS = "applications"


#: The time between two mails. What happens within it comes in one.
PAUSES: Mapping[Frequency, dt.timedelta] = {
    Frequency.SOON: dt.timedelta(minutes=5),
    Frequency.DAY: dt.timedelta(days=1),
    Frequency.WEEK: dt.timedelta(weeks=1),
}


#: What browsers with a subscription are told, until their user chooses otherwise.
PUSHED_AT_FIRST = EVERY_KIND - {
    NotificationKind.FAVOURITE,
    NotificationKind.REPOST,
    NotificationKind.MODERATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPreferences:
    """What a user gets by mail: nothing, until they choose some kinds.

    `mailed_id` is the newest notification that was mailed or is too old to be.
    `push_kinds` is what their browsers are told, those that have a subscription.
    `hidden_kinds` is what the page of all notifications and its count leave out.
    """

    kinds: frozenset[NotificationKind] = frozenset()
    frequency: Frequency = Frequency.DAY
    mailed_id: int = 0
    push_kinds: frozenset[NotificationKind] = PUSHED_AT_FIRST
    hidden_kinds: frozenset[NotificationKind] = frozenset()
