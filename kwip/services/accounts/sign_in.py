"""Sign people in and up, and keep others from guessing their passwords.

Each attempt is charged before the password is checked, so parallel attempts cannot
exceed the limit. Right or wrong, it counts for its address and for the name that was
tried, because each costs a hash. It also counts as a failure of its address, and is
refunded if it was right. A browser that has signed in with a name before is counted in
a window of its own: somebody who guesses at a name locks out other strangers, not its
owner. Names count the same whether or not they exist.

The windows live in the realtime Redis, which evicts nothing. When it is down, people
are let in: few passwords are hashed at once, which slows down guessing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from itertools import chain
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.cache import keys, rate_limits
from kwip.cache.rate_limits import ALONE, Charge
from kwip.domain.clock import at
from kwip.domain.errors import (
    InvalidError,
    NotAuthenticatedError,
    StoreUnavailableError,
)
from kwip.domain.ids import UserId, parse_id
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext
from kwip.domain.rate_limits import WIDER_TIMES, whose, wider
from kwip.services.accounts.authentication import login_of
from kwip.services.reading.rate_limits import too_much

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kwip.cache.keys import CacheKey
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.rate_limits import Window
    from kwip.services.accounts.authentication import Authentication, Credential
    from kwip.services.accounts.joining.entry import Entry
    from kwip.services.accounts.setup import Setup
    from kwip.services.accounts.users import SignUp
    from kwip.services.mail.mails import Mails
    from kwip.store.accounts.login_documents import Credentials

_DIGEST_BYTES = 12
#: Enough to fetch a phone from another room.
_SECOND_STEP_MS = 10 * 60 * 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """The person who is signing in, as far as known: an address and a browser.

    `known_names` are the digests of names that this browser has signed in with before.
    """

    address: str | None
    agent: str
    known_names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Admitted:
    """A new session, and the digests of the names that its owner may sign in with.

    `is_back` says that the owner had closed the account, which is open again; `is_new`
    that they have never signed in before.
    """

    credential: Credential
    names: frozenset[str]
    is_back: bool = False
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Halfway:
    """Somebody has proved the password of an account with two-factor authentication.

    It is good for the second step only, for `_SECOND_STEP_MS`. `proof` is a digest of
    the password and the factors as they were, so that a change of either ends it.
    """

    user_id: UserId
    begun_ms: int
    proof: str

    @classmethod
    def parse(cls, text: str) -> Halfway | None:
        """Parse what `text` returned; None if it cannot be that."""
        user, begun, proof = (*text.split("."), "", "", "")[:3]
        user_id = parse_id(user)
        if user_id is None or not (begun.isascii() and begun.isdigit()):
            return None
        return cls(UserId(user_id), int(begun), proof)

    @property
    def text(self) -> str:
        """The form in which a browser keeps it, signed by the site."""
        return f"{self.user_id}.{self.begun_ms}.{self.proof}"


@dataclass(frozen=True, slots=True)
class _Receipt:
    """The windows that an attempt was charged to, and when; None if Redis is down."""

    windows: Mapping[str, Sequence[CacheKey]]
    at_us: int | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """Sign people in and up within the limits.

    Args:
        authentication: Checks passwords and begins sessions.
        entry: Lets people join.
        setup: Creates the first owner.
        windows: The windows in use, by name.
        charges: Charges windows in the realtime Redis.
        mails: Sends mail.
    """

    authentication: Authentication
    entry: Entry
    setup: Setup
    windows: Mapping[str, Window]
    charges: rate_limits.RateLimitWindows
    mails: Mails

    def sign_in(
        self, login: str, password: str, applicant: Applicant
    ) -> Admitted | Halfway:
        """Begin a session for the owner of a username or an email address.

        With two-factor authentication, none begins before the second step.

        Raises:
            NotAuthenticatedError: The same, and equally slow, whether or not the user
                exists.
            RateLimitedError: There were too many, from this address or for this name.
            StoreUnavailableError: Among others, if there are too many at once.
        """
        name = name_digest(login)
        is_known = name in applicant.known_names
        if is_known:
            subjects = {"signin_account": f"known:{name}"}
        else:
            address = whose(applicant.address)
            subjects = {
                "signin": address,
                "signin_account": name,
                "signin_address": address,
            }
        receipt = self.charge("sign_in", subjects)
        try:
            owner = self.authentication.prove(login, password, is_known=is_known)
        except NotAuthenticatedError:
            telemetry.AUTH_EVENTS.labels("wrong_password").inc()
            raise
        except StoreUnavailableError:  # the password was not checked
            self.give_back(receipt, ["signin", "signin_account"])
            raise
        self.give_back(receipt, ["signin"])
        if owner.two_factor_mark:
            now_ms = self.authentication.clock()
            return Halfway(owner.user_id, now_ms, _proof_of(owner))
        return self.admit(owner, applicant)

    def admit(self, owner: Credentials, applicant: Applicant) -> Admitted:
        """Begin a session for somebody who has proved everything that is needed.

        Raises:
            NotAuthenticatedError: The password or the factors were changed meanwhile.
        """
        credential = self.authentication.begin_session(
            owner.user_id, owner.username, applicant.agent
        )
        self.authentication.require_current(owner, credential)
        telemetry.AUTH_EVENTS.labels("signed_in").inc()
        names = _digests(owner.username, owner.email)
        if owner.is_awaited:
            self.authentication.stores.credentials.arrive(owner.user_id)
        elif not names & applicant.known_names:
            self._tell(owner, applicant)
        # Only those come this far who closed their accounts themselves.
        return Admitted(
            credential, names, is_back=owner.is_suspended, is_new=owner.is_awaited
        )

    def is_current(self, halfway: Halfway, owner: Credentials) -> bool:
        """Return whether the first step still counts."""
        age_ms = self.authentication.clock() - halfway.begun_ms
        # In between, another server's clock may be a little behind.
        is_in_time = -_SECOND_STEP_MS < age_ms < _SECOND_STEP_MS
        is_same = compare_digest(halfway.proof, _proof_of(owner))
        return (
            is_in_time and is_same and not self.authentication.closures.locks_out(owner)
        )

    def set_up(self, code: str, form: SignUp, applicant: Applicant) -> Admitted:
        """Create the first owner and begin their first session.

        A wrong code or form counts as a failed sign-in.

        Raises:
            InvalidError: The code or the form is wrong; see `fields`.
            NotFoundError: There is nothing to set up, or no longer.
            RateLimitedError: There were too many wrong ones from this address.
        """
        subjects = {"signin": whose(applicant.address)}
        receipt = self.charge("sign_in", subjects)
        user = self.setup.complete(code, form)
        # The person with the code runs the site.
        auth = self.authentication
        auth.stores.credentials.confirm(user.id, at(auth.clock()))
        self.give_back(receipt, subjects)
        credential = self.authentication.begin_session(
            user.id, user.username, applicant.agent
        )
        return Admitted(credential, _digests(user.username, form.email))

    def prove_again(self, viewer: Viewer, *passwords: str) -> str:
        """Check that a signed-in user knows the password; return the one that is right.

        All passwords that are offered together count as one attempt. Attempts count for
        the user alone: somebody at another person's browser can lock out neither the
        owner nor others.

        Raises:
            NotAuthenticatedError: None is right.
            RateLimitedError: There were too many.
        """
        self.charge("sign_in", {"signin_account": f"own:{viewer.id}"})
        for password in passwords:
            with suppress(NotAuthenticatedError):
                self.authentication.prove(viewer.username, password, is_known=True)
                return password
        telemetry.AUTH_EVENTS.labels("wrong_password").inc()
        raise NotAuthenticatedError(lazy_gettext("Wrong password."))

    def sign_up(
        self, form: SignUp, applicant: Applicant, *, invite: str = "", reason: str = ""
    ) -> Admitted | None:
        """Create a user and begin their first session; None if they have to wait.

        A form that cannot be used, such as one with a taken username, counts as a
        failed sign-in, because it reveals who has an account. One with a taken email
        address counts as a new account instead, and the error does not name the
        address: creating accounts is then the cheapest way to find out.

        Raises:
            ForbiddenError: Not everybody may join now.
            InvalidError: Every field that cannot be used, in `fields`, or none.
            RateLimitedError: The address has created or requested too many.
        """
        if not invite:
            self.entry.require_open("")
        address = whose(applicant.address)
        receipt = self.charge("sign_up", {"signup": address, "signin": address})
        try:
            user = self.entry.join(form, invite=invite, reason=reason)
        except InvalidError as error:
            if error.context.get("taken") == "email":
                self.give_back(receipt, ["signin"])
                raise InvalidError(
                    lazy_gettext(
                        "We couldn't create an account with these details. "
                        "If you already have an account, log in."
                    )
                ) from error
            self.give_back(receipt, ["signup"])
            raise
        except StoreUnavailableError:
            self.give_back(receipt, ["signup", "signin"])
            raise
        self.give_back(receipt, ["signin"])
        if user is None:
            telemetry.AUTH_EVENTS.labels("asked_to_join").inc()
            return None
        credential = self.authentication.begin_session(
            user.id, user.username, applicant.agent
        )
        telemetry.AUTH_EVENTS.labels("signed_up").inc()
        email = form.email.strip()
        self.mails.post(self.mails.draft(MailKind.CONFIRM_EMAIL, user.id, email))
        return Admitted(credential, _digests(user.username, form.email))

    def ask_for_mail(
        self, email: str, address: str | None, ask: Callable[[str], None]
    ) -> None:
        """Ask for a mail to an address that somebody typed, within the limits.

        Raises:
            RateLimitedError: There were too many, from there or for that address.
        """
        # Both count in windows of the same size: nobody gets more mails than one
        # person may ask for, wherever the requests come from.
        for subject in (whose(address), f"mail:{name_digest(email)}"):
            self.charge("reset", {"reset": subject})
        ask(email)

    def _tell(self, owner: Credentials, applicant: Applicant) -> None:
        """Tell the owner of an account about a browser that is new to it.

        The session has begun: a mail that cannot be stored does not end it.
        """
        details = {
            "agent": applicant.agent[:200],
            "address": applicant.address or "",
        }
        draft, kind = self.mails.draft, MailKind.NEW_LOGIN
        with suppress(StoreUnavailableError):
            self.mails.post(draft(kind, owner.user_id, owner.email, details))

    def charge(self, quota: str, subjects: Mapping[str, str]) -> _Receipt:
        """Charge those of some windows that are in use.

        What is charged to a network of a household is also charged to the one around
        it.

        Raises:
            RateLimitedError: One of them is full.
        """
        charged: dict[str, list[CacheKey]] = {}
        windows: list[Window] = []
        for name, subject in subjects.items():
            window, around = self.windows.get(name), wider(subject)
            if window is not None:
                charged[name] = [keys.quota(name, subject)]
                windows.append(window)
            if window is not None and around is not None:
                charged[name].append(keys.quota(name, around))
                windows.append(window._replace(limit=window.limit * WIDER_TIMES))
        if not charged:
            return _Receipt({}, None)
        due = Charge((*chain(*charged.values()),), rate_limits.plain(windows))
        verdict = self.charges.charge(ALONE, due)
        if verdict is None:
            telemetry.RATE_LIMIT_ERRORS.labels(quota).inc()
            return _Receipt({}, None)
        if not verdict.is_allowed:
            telemetry.RATE_LIMIT_REFUSALS.labels(quota).inc()
            telemetry.AUTH_EVENTS.labels("limited").inc()
            raise too_much(verdict, quota=quota)
        return _Receipt(charged, verdict.now_us)

    def give_back(self, receipt: _Receipt, names: Iterable[str]) -> None:
        """Refund an attempt in some of the windows that it was charged to."""
        if receipt.at_us is None:  # nothing was charged
            return
        for name in names:
            for key in receipt.windows.get(name, ()):
                self.charges.give_back(ALONE, key, receipt.at_us)


def name_digest(login: str) -> str:
    """Return a digest of a username or an email address that does not reveal it.

    Normalised more than addresses are, so that guessing other spellings gains nothing.
    """
    found = login_of(login)
    name = found if isinstance(found, str) else found.key
    return blake2b(name.casefold().encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _proof_of(owner: Credentials) -> str:
    """Return a digest of the password's hash, which has a random salt, and the mark."""
    return blake2b(owner.proof.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _digests(*names: str) -> frozenset[str]:
    return frozenset(name_digest(name) for name in names)
