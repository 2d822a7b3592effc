"""Accounts that their owners have closed, and can come back to before the deletion."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import UserId

#: How long the owner can come back by logging in.
GRACE = dt.timedelta(days=14)
#: How long before the end a mail reminds the owner.
REMINDER = dt.timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A closed account.

    Attributes:
        delete_at: When it is deleted.
        is_suspended_too: Staff has suspended it as well, so that it stays hidden.
        is_reminded: The reminder is stored.
        is_being_deleted: It is too late to come back.
    """

    user_id: UserId
    closed_at: dt.datetime
    delete_at: dt.datetime
    is_suspended_too: bool = False
    is_reminded: bool = False
    is_being_deleted: bool = False
