"""Who may join now, and how: at once, with an invitation, after approval, or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.site import SignUpMode
from kwip.domain.errors import ForbiddenError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User
    from kwip.services.accounts.joining.applications import Applications
    from kwip.services.accounts.joining.invitations import Invitations
    from kwip.services.accounts.joining.site import Site
    from kwip.services.accounts.users import SignUp, Users

_CLOSED = {
    SignUpMode.INVITATION: lazy_gettext("You need an invitation to sign up."),
    SignUpMode.CLOSED: lazy_gettext("Sign-ups are closed on this site."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Let people join, as the settings of the site allow."""

    users: Users
    applications: Applications
    invitations: Invitations
    site: Site

    def require_open(self, invite: str) -> None:
        """Check that somebody may join, with an invitation or without one.

        Raises:
            ForbiddenError: They may not.
            InvalidError: The invitation does not work.
        """
        if invite:
            self.invitations.usable(invite)
        elif closed := _CLOSED.get(self.site.current().sign_up):
            raise ForbiddenError(closed, rule="signup")

    def join(self, form: SignUp, *, invite: str, reason: str) -> User | None:
        """Create a user; None if somebody has to approve it first.

        An invitation needs no approval. If the site changes who may join meanwhile,
        nobody is created.

        Raises:
            ForbiddenError: They may not join.
            InvalidError: Every field that cannot be used, in `fields`; or the
                invitation; or the field that is `taken`.
        """
        self.require_open(invite)
        mode = self.site.current().sign_up
        if mode is SignUpMode.APPROVAL and not invite:
            self.applications.apply(form, reason)
            return None
        steps = [self.site.still(mode)]
        if invite:
            steps.append(self.invitations.using(invite))
        return self.users.create(self.users.prepare(form), *steps)
