"""A user's own password and sessions.

A new password ends every other session but no token: a token belongs to an app, has a
name, and is revoked in the list of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import check_password
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotAuthenticatedError, NotFoundError
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.services.accounts.notices import Notices
    from kwip.services.accounts.passwords import Passwords
    from kwip.services.accounts.sign_in import SignIn
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.stores import Stores


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as the list shows it; `agent` is how the browser names itself."""

    id: str
    agent: str
    created_at: dt.datetime
    is_own: bool


@dataclass(frozen=True, slots=True)
class Account:
    """The viewer's password and sessions."""

    stores: Stores
    fence: Fence
    passwords: Passwords
    sign_in: SignIn
    notices: Notices
    clock: ClockMs

    def sessions(self, viewer: Viewer) -> list[SessionInfo]:
        """List the viewer's sessions, this one first; one query."""
        now = at(self.clock())
        found = [
            SessionInfo(s.digest, s.name, s.created_at, s.digest == viewer.digest)
            for s in self.stores.sessions.of_user(viewer.id)
            if s.expires_at is None or s.expires_at > now
        ]
        return sorted(found, key=lambda s: (s.is_own, s.created_at), reverse=True)

    def end_session(self, viewer: Viewer, session_id: str) -> None:
        """End one of the viewer's sessions.

        Raises:
            NotFoundError: There is no such session. What is cached of it is invalidated
                anyway.
        """
        was_there = self.stores.sessions.delete(viewer.id, session_id)
        self.fence.invalidate(
            invalidation_rules.sign_out(user_id=viewer.id, digest=session_id)
        )
        if not was_there:
            raise NotFoundError(lazy_gettext("Session not found."))

    def end_other_sessions(self, viewer: Viewer) -> int:
        """End all of the viewer's sessions except this one, and count them."""
        ended = self.stores.sessions.end_all(
            viewer.id, at(self.clock()), but=viewer.digest
        )
        self.fence.invalidate(
            invalidation_rules.sign_out_everywhere(
                user_id=viewer.id, sessions=ended, tokens=()
            )
        )
        self.stores.sessions.forget(viewer.id, ended)
        return len(ended)

    def change_password(self, viewer: Viewer, old: str, new: str) -> int:
        """Change the viewer's password; count the sessions that this ends.

        They end before it is stored, so that none outlives it if something fails in
        between, and again afterwards: somebody who signs in with the old one even later
        is signed out by the check after every sign-in. A change that was stored and
        then failed may be sent again; then the new password is accepted as the old one.

        Raises:
            InvalidError: The old password is wrong, or the new one cannot be used.
            RateLimitedError: There were too many wrong ones.
        """
        wrong: dict[str, str] = {}
        proof = old
        try:
            proof = self.sign_in.prove_again(viewer, old, new)
        except NotAuthenticatedError:
            wrong["old_password"] = lazy_gettext("That isn't your current password.")
        try:
            check_password(new)
        except InvalidError as error:
            wrong["new_password"] = error.fields["password"]
        if not wrong and new == old:
            wrong["new_password"] = lazy_gettext("This is your current password.")
        if wrong:
            raise InvalidError(lazy_gettext("Your password was not changed."), wrong)
        if proof == new:  # a repeated request
            return self.end_other_sessions(viewer)
        hashed = self.passwords.hash(new)
        ended = self.end_other_sessions(viewer)
        notice = self.notices.draft(MailKind.PASSWORD_CHANGED, viewer.username)
        also = partial(self.notices.add, notice)
        if not self.stores.credentials.set_password(viewer.id, hashed, also):
            raise NotFoundError(
                lazy_gettext("Your account no longer exists."), user_id=viewer.id
            )
        self.notices.hurry(notice)
        telemetry.AUTH_EVENTS.labels("password_changed").inc()
        return ended + self.end_other_sessions(viewer)
