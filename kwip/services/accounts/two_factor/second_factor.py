"""Check the second factor: a code, or what a passkey has signed.

A code works once, even if it is sent twice at the same time: the check and what it uses
up are one transaction. Wrong codes are counted for the account, in MongoDB: many
sessions and addresses do not give anybody more guesses, nor does a Redis that is down.
Recovery codes cannot be guessed, and are accepted when there were too many wrong codes,
so that somebody who knows the password cannot lock out the owner.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyotp

from kwip import telemetry
from kwip.domain.accounts.two_factor import (
    LOG_IN,
    MOST_WRONG,
    STEP_MS,
    Event,
    Factor,
    TwoFactor,
    is_app_code,
    recovery_digest,
    steps_at,
    tidied,
)
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, RateLimitedError
from kwip.domain.ids import NOBODY
from kwip.domain.messages import lazy_gettext
from kwip.domain.rate_limits import in_words
from kwip.services.accounts.two_factor.ceremonies import UnansweredError, claimed

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.two_factor import Answer
    from kwip.domain.clock import ClockMs
    from kwip.domain.mail.mails import Mail
    from kwip.services.accounts.notices import Notices
    from kwip.services.accounts.two_factor.ceremonies import Ceremonies
    from kwip.services.accounts.two_factor.sealing import Sealer
    from kwip.store.accounts.login_documents import Credentials
    from kwip.store.accounts.two_factor import TwoFactorStore

_WRONG = lazy_gettext(
    "That code isn't right. Use the newest code of your app, or a recovery code."
)
NO_PASSKEY = lazy_gettext(
    "That passkey didn't work. Try again, or use another way to log in."
)
_USED = lazy_gettext("This code was already used. Wait for the next one.")


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The result of checking a code: the factor, or why not; the owner's notice."""

    factor: Factor | None = None
    problem: str = _WRONG
    reason: str = ""
    blocked_for: dt.timedelta | None = None
    notice: Mail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """Check codes and passkeys of users who have two-factor authentication."""

    store: TwoFactorStore
    sealer: Sealer
    ceremonies: Ceremonies
    notices: Notices
    clock: ClockMs

    def check(self, owner: Credentials, answer: Answer) -> Factor:
        """Use up a code, or what a passkey answered; one transaction.

        Raises:
            InvalidError: It is wrong, or was used; `fields` has `code` for a code.
            RateLimitedError: There were too many wrong codes.
        """
        verdict = self.store.change(
            owner.user_id,
            lambda state: self._decide(state, owner, answer),
            lambda session, decided: self.notices.add(decided.notice, session),
        )
        self.notices.hurry(verdict.notice)
        if verdict.blocked_for is not None:
            telemetry.AUTH_EVENTS.labels("limited").inc()
            wait_s = verdict.blocked_for.total_seconds()
            raise RateLimitedError(
                lazy_gettext(
                    "There were too many wrong codes. Try again %(when)s, or use a "
                    "recovery code.",
                    when=in_words(wait_s),
                ),
                retry_after_s=wait_s,
            )
        if verdict.factor is None:
            telemetry.AUTH_EVENTS.labels("wrong_code").inc()
            fields = {} if answer.assertion else {"code": verdict.problem}
            raise InvalidError(verdict.problem, fields, reason=verdict.reason)
        return verdict.factor

    def step_of(self, key: str, code: str, now_ms: int) -> int | None:
        """Return the newest time step of which a key gives this code, None if none."""
        generator = pyotp.TOTP(key)
        found = None
        for step in steps_at(now_ms):
            expected = generator.at(step * STEP_MS // 1_000)
            if hmac.compare_digest(expected, code):
                found = step
        return found

    def _decide(
        self, state: TwoFactor, owner: Credentials, answer: Answer
    ) -> tuple[TwoFactor, _Verdict]:
        if answer.assertion:
            return self._decide_passkey(state, owner, answer)
        code = tidied(answer.code)
        if is_app_code(code):
            return self._decide_app(state, owner, code)
        return self._decide_recovery(state, owner, code)

    def _decide_app(
        self, state: TwoFactor, owner: Credentials, code: str
    ) -> tuple[TwoFactor, _Verdict]:
        now_ms = self.clock()
        now = at(now_ms)
        blocked_for = state.blocked_for(now)
        if blocked_for is not None:
            return state, _Verdict(blocked_for=blocked_for)
        key = self.sealer.unseal(state.app.key) if state.app else None
        step = self.step_of(key, code, now_ms) if key else None
        if step is not None:
            after = state.after_step(step, now_ms)
            if after is None:
                return state, _Verdict(problem=_USED)
            return after, _Verdict(Factor.APP)
        after = state.after_wrong_code(now)
        is_last = after.wrong.count == MOST_WRONG
        notice = self.notices.about(owner, Event.WRONG_CODES) if is_last else None
        return after, _Verdict(notice=notice)

    def _decide_recovery(
        self, state: TwoFactor, owner: Credentials, code: str
    ) -> tuple[TwoFactor, _Verdict]:
        after = state.after_recovery_code(recovery_digest(owner.user_id, code))
        if after is None:
            return state, _Verdict()
        details = {"left": str(len(after.recovery))}
        notice = self.notices.about(owner, Event.RECOVERY_CODE_USED, details)
        return after, _Verdict(Factor.RECOVERY_CODE, notice=notice)

    def _decide_passkey(
        self, state: TwoFactor, owner: Credentials, answer: Answer
    ) -> tuple[TwoFactor, _Verdict]:
        now_ms, challenge = self.clock(), answer.challenge
        user_id, passkey_id = claimed(answer.assertion) or (NOBODY, "")
        passkey = state.passkey(passkey_id) if user_id == owner.user_id else None
        if passkey is None:
            return state, _Verdict(problem=NO_PASSKEY, reason="unknown passkey")
        if challenge is None or not challenge.is_current(LOG_IN, now_ms):
            return state, _Verdict(problem=NO_PASSKEY, reason="no challenge")
        try:
            count = self.ceremonies.answered(answer.assertion, challenge, passkey)
        except UnansweredError as error:
            return state, _Verdict(problem=NO_PASSKEY, reason=str(error))
        after = state.after_passkey(passkey, count, challenge.issued_ms, at(now_ms))
        if after is None:
            return state, _Verdict(problem=NO_PASSKEY, reason="answered before")
        return after, _Verdict(Factor.PASSKEY)
