"""The second step of signing in, for people with two-factor authentication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import NotAuthenticatedError
from kwip.domain.rate_limits import whose

if TYPE_CHECKING:
    from kwip.services.accounts.second_factor import SecondFactor
    from kwip.services.accounts.sign_in import Admitted, Applicant, Halfway, SignIn
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.users import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStep:
    """Let somebody in who has proved the password, and now a second factor."""

    stores: Stores
    sign_in: SignIn
    second_factor: SecondFactor

    def complete(
        self, halfway: Halfway | None, code: str, applicant: Applicant
    ) -> Admitted:
        """Begin a session with a code.

        Each attempt counts as a failed sign-in of its address until it is right.

        Raises:
            NotAuthenticatedError: The first step must be repeated: it is too long ago,
                or the password or the factors were changed since.
            InvalidError: The code is wrong, or was used.
            RateLimitedError: There were too many wrong ones, for this account or from
                this address.
        """
        receipt = self.sign_in.charge("sign_in", {"signin": whose(applicant.address)})
        owner = self._owner(halfway)
        self.second_factor.check(owner, code)
        self.sign_in.give_back(receipt, ["signin"])
        return self.sign_in.admit(owner, applicant)

    def _owner(self, halfway: Halfway | None) -> Credentials:
        """Find the owner of an account, if the first step still counts."""
        users = self.stores.users
        if halfway is not None:
            user = users.get_many([halfway.user_id]).get(halfway.user_id)
            owner = users.credentials_of(user.username) if user else None
            if owner and self.sign_in.is_current(halfway, owner):
                return owner
        raise NotAuthenticatedError("That took too long. Log in again.")
