"""The first administrator of a site: whoever has the code that `kwip up` printed.

The code is drawn where the stack is started and told to nobody else; the database has
its digest, until it is used or has ended. It has 80 bits, so guessing is hopeless, and
wrong ones do not end it: a stranger could then keep the site from its owner. They are
in the log, and the address of whoever guesses is let try so often only.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

import structlog

from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.setup import code_digest

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.domain.users import User
    from kwip.services.accounts.users import SignUp, Users
    from kwip.store.setup import SetupStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Setup:
    """Make the first administrator, once."""

    store: SetupStore
    users: Users
    clock: ClockMs

    def require_open(self) -> None:
        """Look whether there is anything to set up; two queries.

        Raises:
            NotFoundError: No code is waiting, or there is an administrator.
        """
        self._waiting()

    def complete(self, code: str, form: SignUp) -> User:
        """Make the administrator for whoever has the code.

        Raises:
            InvalidError: The code is wrong, or something of the form; the code stays
                good.
            NotFoundError: No code is waiting (any more).
        """
        digest = self._waiting()
        if not compare_digest(digest, code_digest(code)):
            log.warning("setup_refused")
            raise InvalidError(
                "Wrong setup code.",
                {"code": "Copy the code that Kwip printed when it last started."},
            )
        return self.users.sign_up_admin(form, digest)

    def _waiting(self) -> str:
        """Give the digest of the code that waits to be used."""
        digest = self.store.digest(at(self.clock()))
        if digest is None or self.store.has_admin():
            raise NotFoundError("This site is already set up.")
        return digest
