"""Create a site's first owner, with the code that `kwip up` printed.

The code is drawn where the stack starts and shown nowhere else; the database stores its
digest until it is used or expires. It has 80 bits, so guessing is hopeless, and wrong
codes do not end it: otherwise a stranger could lock out the site's owner. They are
logged, and each address may only try a few times.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

import structlog

from kwip.domain.accounts.setup import code_digest
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User
    from kwip.domain.clock import ClockMs
    from kwip.services.accounts.users import SignUp, Users
    from kwip.store.accounts.setup import SetupStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Setup:
    """Create the first owner, once."""

    store: SetupStore
    users: Users
    clock: ClockMs

    def require_open(self) -> None:
        """Check that there is anything to set up; two queries.

        Raises:
            NotFoundError: No code is valid, or there is an administrator already.
        """
        self._waiting()

    def complete(self, code: str, form: SignUp) -> User:
        """Create the owner, if the code is right.

        Raises:
            InvalidError: The code or something in the form is wrong; the code stays
                valid.
            NotFoundError: No code is valid (any more).
        """
        digest = self._waiting()
        if not compare_digest(digest, code_digest(code)):
            log.warning("setup_refused")
            raise InvalidError(
                lazy_gettext("Wrong setup code."),
                {
                    "code": lazy_gettext(
                        "Copy the code that Kwip printed when it last started."
                    )
                },
            )
        return self.users.sign_up_admin(
            form, lambda _, session: self.store.use(digest, session)
        )

    def _waiting(self) -> str:
        """Return the digest of the valid code."""
        digest = self.store.digest(at(self.clock()))
        if digest is None or self.store.has_admin():
            raise NotFoundError(lazy_gettext("This site is already set up."))
        return digest
