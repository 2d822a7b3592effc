"""The first administrator of a site: whoever has the code that `kwip up` printed.

The code is drawn where the stack is started and told to nobody else; the database has
its digest, until it is used or has ended. It has 80 bits, so the bound on wrong tries
is for the log's sake: guessing is hopeless in any case.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.setup import code_digest

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.domain.users import User
    from kwip.services.users import SignUp, Users
    from kwip.store.setup import SetupStore


class Setup:
    """Make the first administrator, once."""

    def __init__(self, store: SetupStore, users: Users, clock: ClockMs):
        self._store = store
        self._users = users
        self._clock = clock

    def require_open(self) -> None:
        """Look whether there is anything to set up; two queries.

        Raises:
            NotFoundError: No code is waiting, or there is an administrator.
        """
        if not self._store.is_offered(at(self._clock())) or self._store.has_admin():
            raise _nothing_here()

    def complete(self, code: str, form: SignUp) -> User:
        """Make the administrator for whoever has the code.

        Raises:
            InvalidError: The code is wrong, or something of the form; the code of a
                wrong form stays good.
            NotFoundError: No code is waiting (any more).
        """
        self.require_open()
        digest = self._store.take_try(at(self._clock()))
        if digest is None:
            raise _nothing_here()
        if not compare_digest(digest, code_digest(code)):
            raise InvalidError(
                "This is not the code.",
                {"code": "It stands where Kwip was started, in the latest lines."},
            )
        self._store.give_back(digest)
        return self._users.sign_up_admin(form, digest)


def _nothing_here() -> NotFoundError:
    return NotFoundError("There is nothing to set up. This site has been set up.")
