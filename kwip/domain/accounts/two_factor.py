"""Two-factor authentication of a user: what is stored, and the rules of its use.

Everything here is a value: a change returns the state that comes after it, which the
store writes in one transaction with what the change is about.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.ids import UserId

#: RFC 6238: how long a code is current; the one before and the one after are accepted.
STEP_MS = 30_000
_TOLERANCE = 1
#: A step that was used so far in the future was used while a clock was wrong.
_CLOCK_JUMP = 120
#: Wrong codes of one account, from everywhere. Three of a million codes are right at
#: any time, so somebody who has the password needs years.
MOST_WRONG, WRONG_SPAN = 10, dt.timedelta(hours=1)
#: How long a key that is shown can be confirmed.
PENDING_LIFETIME = dt.timedelta(minutes=30)
RECOVERY_CODES = 10
PASSKEYS_MAX, PASSKEY_NAME_MAX = 20, 60
#: How long a browser may take to answer a challenge; what answers are good for.
CHALLENGE_LIFETIME_MS = 5 * 60 * 1_000
LOG_IN = "log_in"
_CODE_DIGITS = 6


class Factor(StrEnum):
    """What proved that somebody is the owner, besides the password."""

    APP = "app"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"


class Event(StrEnum):
    """What the owner of an account is sent a mail about."""

    TURNED_ON = "turned_on"
    TURNED_OFF = "turned_off"
    RESET = "reset"
    RECOVERY_CODE_USED = "recovery_code_used"
    CODES_RENEWED = "codes_renewed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    WRONG_CODES = "wrong_codes"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a passkey has to sign; `purpose` is what the answer is good for."""

    value: bytes
    issued_ms: int
    purpose: str

    @classmethod
    def parse(cls, text: str) -> Challenge | None:
        """Parse what `text` returned; None if it cannot be that."""
        value, issued, purpose = (*text.split(".", 2), "", "")[:3]
        if not (issued.isascii() and issued.isdigit()):
            return None
        return cls(bytes.fromhex(value), int(issued), purpose)

    @property
    def text(self) -> str:
        """The form in which a browser keeps it, signed by the site."""
        return f"{self.value.hex()}.{self.issued_ms}.{self.purpose}"

    def is_current(self, purpose: str, now_ms: int) -> bool:
        """Return whether an answer is still good for a purpose."""
        age_ms = now_ms - self.issued_ms
        # The clock of another server may be a little behind.
        is_in_time = -CHALLENGE_LIFETIME_MS < age_ms < CHALLENGE_LIFETIME_MS
        return is_in_time and self.purpose == purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A code, or what a passkey signed and the challenge that the browser had."""

    code: str = ""
    assertion: str = ""
    challenge: Challenge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What proves that somebody is the owner."""

    password: str
    answer: Answer = Answer()


@dataclass(frozen=True, slots=True)
class SealedKey:
    """The key of an authenticator app, encrypted; `key_id` says with which key."""

    text: str
    key_id: str


@dataclass(frozen=True, slots=True)
class App:
    """An authenticator app; `last_step` is the last time step whose code was used."""

    key: SealedKey
    last_step: int
    added_at: dt.datetime


@dataclass(frozen=True, slots=True)
class PendingApp:
    """A key that was shown to one session and is not confirmed yet."""

    key: SealedKey
    session: str
    begun_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey: its id and public key in base64url, and when it was used.

    `challenged_ms` is when the last challenge that it answered was issued.
    """

    id: str
    public_key: str
    sign_count: int
    name: str
    added_at: dt.datetime
    used_at: dt.datetime | None = None
    challenged_ms: int = 0


@dataclass(frozen=True, slots=True)
class WrongCodes:
    """How many wrong codes there were since a time."""

    since: dt.datetime | None = None
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactor:
    """The factors of a user besides the password.

    `mark` is different after each change of them, and empty while there are none.
    `recovery` has the digests of the recovery codes that were not used yet.
    """

    mark: str = ""
    app: App | None = None
    pending: PendingApp | None = None
    recovery: Sequence[str] = ()
    passkeys: Sequence[Passkey] = ()
    wrong: WrongCodes = WrongCodes()

    @property
    def is_on(self) -> bool:
        """Whether a password is not enough to log in."""
        return self.app is not None or bool(self.passkeys)

    def passkey(self, passkey_id: str) -> Passkey | None:
        """Find a passkey by its id."""
        return next((each for each in self.passkeys if each.id == passkey_id), None)

    def blocked_for(self, now: dt.datetime) -> dt.timedelta | None:
        """Return how long no code is accepted, None if one is."""
        since = self.wrong.since
        if since is None or self.wrong.count < MOST_WRONG:
            return None
        left = since + WRONG_SPAN - now
        # After a jump of the clock, `since` may be far in the future.
        return left if dt.timedelta(0) < left <= 2 * WRONG_SPAN else None

    def after_wrong_code(self, now: dt.datetime) -> TwoFactor:
        """Count a wrong code."""
        since = self.wrong.since
        if since is None or abs(now - since) >= WRONG_SPAN:
            return replace(self, wrong=WrongCodes(now, 1))
        return replace(self, wrong=WrongCodes(since, self.wrong.count + 1))

    def after_step(self, step: int, now_ms: int) -> TwoFactor | None:
        """Use up the code of a time step; None if it was used."""
        app = self.app
        if app is None:
            return None
        is_jumped = app.last_step > now_ms // STEP_MS + _CLOCK_JUMP
        if step <= app.last_step and not is_jumped:
            return None
        used = replace(app, last_step=step)
        return replace(self, app=used, wrong=WrongCodes())

    def after_recovery_code(self, digest: str) -> TwoFactor | None:
        """Use up a recovery code; None if there is no such code."""
        if digest not in self.recovery:
            return None
        left = tuple(each for each in self.recovery if each != digest)
        return replace(self, recovery=left, wrong=WrongCodes())

    def after_passkey(
        self, used: Passkey, sign_count: int, challenged_ms: int, now: dt.datetime
    ) -> TwoFactor | None:
        """Note that a passkey answered a challenge; None if it had answered it.

        Of two challenges only the newer one can still be answered.
        """
        if challenged_ms <= used.challenged_ms:
            return None
        then = replace(
            used, sign_count=sign_count, challenged_ms=challenged_ms, used_at=now
        )
        passkeys = tuple(then if each.id == used.id else each for each in self.passkeys)
        return replace(self, passkeys=passkeys, wrong=WrongCodes())

    def before(self, moment: dt.datetime, mark: str) -> TwoFactor:
        """Forget the factors that were added since a moment."""
        app = self.app if self.app and self.app.added_at < moment else None
        passkeys = tuple(each for each in self.passkeys if each.added_at < moment)
        if app is self.app and passkeys == tuple(self.passkeys):
            return self
        after = replace(self, mark=mark, app=app, passkeys=passkeys, pending=None)
        return after if after.is_on else TwoFactor()


def steps_at(now_ms: int) -> range:
    """Return the time steps whose codes are accepted."""
    step = now_ms // STEP_MS
    return range(step - _TOLERANCE, step + _TOLERANCE + 1)


def is_app_code(code: str) -> bool:
    """Return whether a code, without spaces, looks like one of an app."""
    return len(code) == _CODE_DIGITS and code.isascii() and code.isdigit()


def tidied(code: str) -> str:
    """Return a code as it is compared: without the spaces and dashes in it."""
    return "".join(c for c in code.lower() if c.isalnum())


def recovery_digest(user_id: UserId, code: str) -> str:
    """Return how a recovery code of a user is stored.

    A code has 80 random bits, too many to guess, so it needs no slow hash.
    """
    return sha256(f"{user_id} {tidied(code)}".encode()).hexdigest()
