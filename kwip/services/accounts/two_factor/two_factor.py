"""Two-factor authentication of the viewer: turn it on and off, and recovery codes.

Whatever changes a factor needs the password again, and a code if two-factor
authentication is on: a browser that was left open is not enough.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pyotp

from kwip import telemetry
from kwip.domain.accounts.two_factor import (
    PENDING_LIFETIME,
    RECOVERY_CODES,
    App,
    Event,
    PendingApp,
    TwoFactor,
    is_app_code,
    recovery_digest,
    tidied,
)
from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
)
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.domain.accounts.two_factor import Proof
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.accounts.account import Account
    from kwip.services.accounts.notices import Notices
    from kwip.services.accounts.sign_in import SignIn
    from kwip.services.accounts.two_factor.second_factor import SecondFactor
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.login_documents import Credentials

T = TypeVar("T")

_RECOVERY_BYTES = 10
_MARK_BYTES = 8
_EXPIRED = lazy_gettext("This key has expired. Start again to get another one.")


@dataclass(frozen=True, slots=True)
class AppKey:
    """A key to enter into an authenticator app: as text, and as the address in a QR."""

    text: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactorSettings:
    """Change the viewer's factors.

    `issuer` is how apps name the site. With `is_required_of_staff`, staff can only act
    with a second factor.
    """

    stores: Stores
    sign_in: SignIn
    second_factor: SecondFactor
    account: Account
    notices: Notices
    clock: ClockMs
    issuer: str
    is_required_of_staff: bool

    def get(self, viewer: Viewer) -> TwoFactor:
        """Return the viewer's factors; one query."""
        return self.second_factor.store.find(viewer.id)

    def is_lacking(self, viewer: Viewer) -> bool:
        """Return whether a viewer who is staff must set it up first; at most one query.

        Straight from MongoDB, so it holds at once.
        """
        return self.is_required_of_staff and not self.get(viewer).is_on

    def begin(self, viewer: Viewer, proof: Proof) -> AppKey:
        """Make the key of a new authenticator app, which is to be confirmed.

        Raises:
            InvalidError: The password or the code is wrong.
            RateLimitedError: There were too many wrong ones.
        """
        self.authorise(viewer, proof)
        key = pyotp.random_base32()
        sealed = self.second_factor.sealer.seal(key)
        pending = PendingApp(sealed, viewer.digest, at(self.clock()))
        self.second_factor.store.change(
            viewer.id, lambda state: (replace(state, pending=pending), None)
        )
        return self._shown(viewer, key)

    def pending(self, viewer: Viewer) -> AppKey:
        """Show the key again to the session that it was made in.

        Raises:
            ConflictError: There is none, or no longer.
        """
        return self._shown(viewer, self._pending_key(self.get(viewer), viewer))

    def confirm(self, viewer: Viewer, code: str) -> Sequence[str]:
        """Turn the new app on with one of its codes; return new recovery codes.

        There are none if the viewer had some. All other sessions end: they began with
        less than what is now needed.

        Raises:
            InvalidError: The code is wrong.
            ConflictError: There is no new key, or no longer.
        """
        now_ms, owner, codes = self.clock(), self.owner(viewer), make_codes()

        def decide(state: TwoFactor) -> tuple[TwoFactor, bool]:
            key = self._pending_key(state, viewer)
            typed = tidied(code)
            step = None
            if is_app_code(typed):
                step = self.second_factor.step_of(key, typed, now_ms)
            if step is None:
                wrong = lazy_gettext(
                    "That code isn't right. Use the newest one of your app."
                )
                raise InvalidError(wrong, {"code": wrong})
            sealed = self.second_factor.sealer.seal(key)
            app = App(sealed, step, at(now_ms))
            after = replace(state, mark=new_mark(), app=app, pending=None)
            return with_codes(after, viewer.id, codes)

        has_new_codes = self.change(owner, decide, Event.TURNED_ON)
        self.account.end_other_sessions(viewer)
        telemetry.AUTH_EVENTS.labels("two_factor_on").inc()
        return codes if has_new_codes else ()

    def renew_codes(self, viewer: Viewer, proof: Proof) -> Sequence[str]:
        """Make new recovery codes; the old ones no longer work.

        Raises:
            InvalidError: The password or the code is wrong.
            ConflictError: Two-factor authentication is off.
            RateLimitedError: There were too many wrong ones.
        """
        owner, codes = self.authorise(viewer, proof), make_codes()

        def decide(state: TwoFactor) -> tuple[TwoFactor, bool]:
            require_on(state)
            return with_codes(replace(state, recovery=()), viewer.id, codes)

        self.change(owner, decide, Event.CODES_RENEWED)
        return codes

    def turn_off(self, viewer: Viewer, proof: Proof) -> None:
        """Forget all factors but the password.

        Raises:
            InvalidError: The password or the code is wrong.
            ConflictError: It is off already.
            RateLimitedError: There were too many wrong ones.
        """
        owner = self.authorise(viewer, proof)

        def decide(state: TwoFactor) -> tuple[TwoFactor, bool]:
            require_on(state)
            return TwoFactor(), True

        self.change(owner, decide, Event.TURNED_OFF)
        telemetry.AUTH_EVENTS.labels("two_factor_off").inc()

    def authorise(self, viewer: Viewer, proof: Proof) -> Credentials:
        """Check the password, and a second factor if there is one.

        The code is only used up, or counted as wrong, with the right password.

        Raises:
            InvalidError: The password or the code is wrong.
            RateLimitedError: There were too many wrong ones.
        """
        try:
            self.sign_in.prove_again(viewer, proof.password)
        except NotAuthenticatedError as error:
            wrong = lazy_gettext("That isn't your current password.")
            raise InvalidError(
                lazy_gettext("Nothing was changed."), {"password": wrong}
            ) from error
        owner = self.owner(viewer)
        if owner.two_factor_mark:
            self.second_factor.check(owner, proof.answer)
        return owner

    def change(
        self,
        owner: Credentials,
        decide: Callable[[TwoFactor], tuple[TwoFactor, T]],
        event: Event,
        details: Mapping[str, str] | None = None,
        *,
        also: Callable[[Any], None] = lambda _: None,
    ) -> T:
        """Change the factors, and store a mail to the owner in the same transaction.

        `also` is called in it, too.
        """
        notice = self.notices.about(owner, event, details)

        def store(session: Any, _: T) -> None:
            also(session)
            self.notices.add(notice, session)

        result = self.second_factor.store.change(owner.user_id, decide, store)
        self.notices.hurry(notice)
        return result

    def owner(self, viewer: Viewer) -> Credentials:
        """Return how the viewer signs in.

        Raises:
            NotFoundError: The viewer has no password.
        """
        owner = self.stores.users.credentials_of(viewer.username)
        if owner is None:
            raise NotFoundError(
                lazy_gettext("This account has no password."), user_id=viewer.id
            )
        return owner

    def _pending_key(self, state: TwoFactor, viewer: Viewer) -> str:
        pending = state.pending
        if (
            pending is None
            or pending.session != viewer.digest
            or at(self.clock()) - pending.begun_at > PENDING_LIFETIME
        ):
            raise ConflictError(_EXPIRED)
        return self.second_factor.sealer.unseal(pending.key)

    def _shown(self, viewer: Viewer, key: str) -> AppKey:
        app = pyotp.TOTP(key, name=viewer.username, issuer=self.issuer)
        return AppKey(grouped(key), app.provisioning_uri())


def make_codes() -> tuple[str, ...]:
    """Make recovery codes, in the form in which they are shown."""
    return tuple(
        grouped(b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower(), "-")
        for _ in range(RECOVERY_CODES)
    )


def with_codes(
    state: TwoFactor, user_id: UserId, codes: Sequence[str]
) -> tuple[TwoFactor, bool]:
    """Give somebody recovery codes who has none; return whether they got them."""
    if state.recovery:
        return state, False
    digests = tuple(recovery_digest(user_id, code) for code in codes)
    return replace(state, recovery=digests), True


def new_mark() -> str:
    """Return a mark for factors that were just changed."""
    return secrets.token_hex(_MARK_BYTES)


def require_on(state: TwoFactor) -> None:
    """Check that there is a factor besides the password.

    Raises:
        ConflictError: There is none.
    """
    if not state.is_on:
        raise ConflictError(lazy_gettext("Two-factor authentication is off."))


def grouped(text: str, separator: str = " ") -> str:
    """Divide a text into groups of four characters, so that it can be read."""
    return separator.join(text[n : n + 4] for n in range(0, len(text), 4))
