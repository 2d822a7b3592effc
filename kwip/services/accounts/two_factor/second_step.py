"""The second step of signing in, and signing in with a passkey alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError, NotAuthenticatedError
from kwip.domain.messages import lazy_gettext
from kwip.domain.rate_limits import whose
from kwip.services.accounts.two_factor.ceremonies import claimed
from kwip.services.accounts.two_factor.second_factor import NO_PASSKEY

if TYPE_CHECKING:
    from kwip.domain.accounts.two_factor import Answer
    from kwip.domain.ids import UserId
    from kwip.services.accounts.sign_in import Admitted, Applicant, Halfway, SignIn
    from kwip.services.accounts.two_factor.second_factor import SecondFactor
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.login_documents import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStep:
    """Log people in with a second factor, or with a passkey alone.

    Each attempt counts as a failed sign-in of its address until it is right.
    """

    stores: Stores
    sign_in: SignIn
    second_factor: SecondFactor

    def complete(
        self, halfway: Halfway | None, answer: Answer, applicant: Applicant
    ) -> Admitted:
        """Begin a session for somebody who has proved the password.

        Raises:
            NotAuthenticatedError: The first step must be repeated: it is too long ago,
                or the password or the factors were changed since.
            InvalidError: The code or the passkey is wrong, or was used.
            RateLimitedError: There were too many wrong ones, for this account or from
                this address.
        """
        receipt = self.sign_in.charge("sign_in", {"signin": whose(applicant.address)})
        owner = self._owner(halfway.user_id) if halfway else None
        if halfway is None or not owner or not self.sign_in.is_current(halfway, owner):
            raise NotAuthenticatedError(
                lazy_gettext("That took too long. Log in again.")
            )
        self.second_factor.check(owner, answer)
        self.sign_in.give_back(receipt, ["signin"])
        return self.sign_in.admit(owner, applicant)

    def with_passkey(self, answer: Answer, applicant: Applicant) -> Admitted:
        """Begin a session for the owner of a passkey, which has verified its user.

        Raises:
            InvalidError: It is nobody's, did not answer, or had answered before.
            NotAuthenticatedError: The account is suspended.
            RateLimitedError: There were too many from this address.
        """
        address = whose(applicant.address)
        subjects = {"signin": address, "signin_address": address}
        receipt = self.sign_in.charge("sign_in", subjects)
        owner = self._owner((claimed(answer.assertion) or (None,))[0])
        if owner is None:
            raise InvalidError(NO_PASSKEY, reason="nobody's passkey")
        self.second_factor.check(owner, answer)
        self.sign_in.give_back(receipt, ["signin"])
        if self.sign_in.authentication.closures.locks_out(owner):
            raise NotAuthenticatedError(lazy_gettext("This account is suspended."))
        return self.sign_in.admit(owner, applicant)

    def _owner(self, user_id: UserId | None) -> Credentials | None:
        if user_id is None:
            return None
        user = self.stores.users.get_many([user_id]).get(user_id)
        return self.stores.users.credentials_of(user.username) if user else None
