"""The viewer's passkeys: add and remove them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.domain.accounts.two_factor import (
    LOG_IN,
    PASSKEY_NAME_MAX,
    PASSKEYS_MAX,
    Challenge,
    Event,
    Passkey,
    TwoFactor,
)
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.services.accounts.two_factor.ceremonies import UnansweredError
from kwip.services.accounts.two_factor.two_factor import (
    make_codes,
    new_mark,
    with_codes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.two_factor import Proof
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.services.accounts.account import Account
    from kwip.services.accounts.two_factor.ceremonies import Ceremonies
    from kwip.services.accounts.two_factor.two_factor import TwoFactorSettings

_CHALLENGE_BYTES = 32
_TOO_LATE = lazy_gettext("That took too long. Try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkeys:
    """Add and remove passkeys, and make the challenges that they answer."""

    two_factor: TwoFactorSettings
    account: Account
    ceremonies: Ceremonies
    clock: ClockMs

    def challenge(self) -> tuple[Challenge, object]:
        """Make a challenge for any passkey, and the browser's options.

        They are the same for everyone, so they reveal nothing about accounts.
        """
        challenge = self._challenge(LOG_IN)
        return challenge, self.ceremonies.request_options(challenge)

    def begin(
        self, viewer: Viewer, name: str, proof: Proof
    ) -> tuple[Challenge, object]:
        """Make the challenge for a new passkey, and the browser's options.

        Raises:
            InvalidError: The name cannot be used, the password or the code is wrong,
                or there are too many passkeys.
            RateLimitedError: There were too many wrong ones.
        """
        name = name.strip()
        if not name or len(name) > PASSKEY_NAME_MAX:
            limit = lazy_gettext(
                "Use 1 to %(limit)s characters.", limit=PASSKEY_NAME_MAX
            )
            raise InvalidError(
                lazy_gettext("That name can't be used."), {"name": limit}
            )
        known = self.two_factor.get(viewer).passkeys
        if len(known) >= PASSKEYS_MAX:
            limit = lazy_gettext(
                "You can have up to %(limit)s passkeys. Remove one first.",
                limit=PASSKEYS_MAX,
            )
            raise InvalidError(
                lazy_gettext("You have too many passkeys."), {"name": limit}
            )
        self.two_factor.authorise(viewer, proof)
        challenge = self._challenge(_purpose(viewer, name))
        options = self.ceremonies.creation_options(
            viewer.id, viewer.username, known, challenge
        )
        return challenge, options

    def add(
        self, viewer: Viewer, text: str, challenge: Challenge | None
    ) -> Sequence[str]:
        """Add the passkey that a browser made; return new recovery codes.

        None are made if the viewer has some. The first factor ends all other sessions,
        as an app does.

        Raises:
            InvalidError: It is not what was asked for, or too late.
        """
        now_ms = self.clock()
        name = (*challenge.purpose.split(":", 2), "", "")[2] if challenge else ""
        purpose = _purpose(viewer, name)
        if challenge is None or not challenge.is_current(purpose, now_ms):
            raise InvalidError(_TOO_LATE)
        try:
            made = self.ceremonies.created(text, challenge)
        except UnansweredError as error:
            raise InvalidError(_TOO_LATE, reason=str(error)) from error
        passkey = Passkey(**made._asdict(), name=name, added_at=at(now_ms))
        codes = make_codes()

        def decide(state: TwoFactor) -> tuple[TwoFactor, tuple[bool, bool]]:
            if state.passkey(passkey.id) or len(state.passkeys) >= PASSKEYS_MAX:
                raise InvalidError(lazy_gettext("You already have this passkey."))
            passkeys = (*state.passkeys, passkey)
            after = replace(state, mark=new_mark(), passkeys=passkeys)
            after, has_new_codes = with_codes(after, viewer.id, codes)
            return after, (has_new_codes, state.is_on)

        owner = self.two_factor.owner(viewer)
        event, details = Event.PASSKEY_ADDED, {"name": name}
        has_new_codes, was_on = self.two_factor.change(owner, decide, event, details)
        if not was_on:
            self.account.end_other_sessions(viewer)
        telemetry.AUTH_EVENTS.labels("passkey_added").inc()
        return codes if has_new_codes else ()

    def remove(self, viewer: Viewer, passkey_id: str, proof: Proof) -> str:
        """Remove a passkey; return its name. Recovery codes go with the last factor.

        Raises:
            InvalidError: The password or the code is wrong.
            NotFoundError: There is no such passkey.
            RateLimitedError: There were too many wrong ones.
        """
        name = self.get(viewer, passkey_id).name
        owner = self.two_factor.authorise(viewer, proof)

        def decide(state: TwoFactor) -> tuple[TwoFactor, None]:
            left = tuple(each for each in state.passkeys if each.id != passkey_id)
            if len(left) == len(state.passkeys):
                raise NotFoundError(lazy_gettext("Passkey not found."))
            after = replace(state, mark=new_mark(), passkeys=left)
            return (after if after.is_on else TwoFactor()), None

        event = Event.PASSKEY_REMOVED
        self.two_factor.change(owner, decide, event, {"name": name})
        telemetry.AUTH_EVENTS.labels("passkey_removed").inc()
        return name

    def get(self, viewer: Viewer, passkey_id: str) -> Passkey:
        """Return one of the viewer's passkeys.

        Raises:
            NotFoundError: There is no such passkey.
        """
        found = self.two_factor.get(viewer).passkey(passkey_id)
        if found is None:
            raise NotFoundError(lazy_gettext("Passkey not found."))
        return found

    def _challenge(self, purpose: str) -> Challenge:
        return Challenge(secrets.token_bytes(_CHALLENGE_BYTES), self.clock(), purpose)


def _purpose(viewer: Viewer, name: str) -> str:
    """Return what the challenge for a new passkey of a session is good for."""
    return f"add:{viewer.digest}:{name}"
