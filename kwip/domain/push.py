"""Web Push: notifications that a push service brings to a browser or an app."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kwip.domain.accounts.two_factor import SealedKey
    from kwip.domain.ids import UserId
    from kwip.domain.timelines.notifications import NotificationKind

#: A push service keeps a message for a device that is off until it is this old. What
#: could not be sent within that time is no news any more.
FRESH_FOR = dt.timedelta(days=2)
#: A subscription whose push service refuses everything for so long is removed.
GIVEN_UP_AFTER = dt.timedelta(days=7)


class PushPolicy(StrEnum):
    """By whom a notification must be."""

    ALL = "all"
    FOLLOWED = "followed"
    FOLLOWER = "follower"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushTarget:
    """Where to send, and how to encrypt.

    `p256dh` is the device's public key on P-256 (65 bytes, uncompressed) and `auth` its
    secret (16 bytes), both in base64url. Standard messages are those of RFC 8291;
    others are of the draft before it (`aesgcm`), which many apps still expect.
    """

    endpoint: str
    p256dh: str
    auth: str
    is_standard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSubscription:
    """A session's or a token's subscription, and how far it was sent.

    What is to be sent are the notifications above `above` that are not among
    `pushed`. `kinds` is for apps: browsers get what the user chose for all of them.
    `token` is the app's own, which it finds in each message. `failing_since` is when
    the first of `attempts` failed, if the last one did.
    """

    user_id: UserId
    digest: str
    holder: Literal["session", "token"]
    target: PushTarget
    above: int
    kinds: frozenset[NotificationKind] = frozenset()
    policy: PushPolicy = PushPolicy.ALL
    token: SealedKey | None = None
    pushed: frozenset[int] = frozenset()
    attempts: int = 0
    failing_since: dt.datetime | None = None

    @property
    def id(self) -> str:
        """Its name, which is also that of the session or token."""
        return f"{self.user_id}:{self.digest}"

    @property
    def number(self) -> int:
        """A number for apps, which fits into 31 bits; nothing is found by it."""
        return int(self.digest[:8], 16) >> 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage:
    """What a device is told, before it is encrypted.

    `address` is the page to open, and `icon` a picture of whoever did it.
    """

    notification_id: int
    type: str
    title: str
    body: str
    icon: str
    address: str
