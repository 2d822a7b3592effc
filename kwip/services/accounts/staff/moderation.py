"""What operators and staff do to accounts: suspend, silence, give a role, and so on.

A suspension is one flag of the user, which every read of the user checks: the account
and its posts are hidden from everyone, and its sessions and tokens do not work. So it
takes effect at once, and ending it brings everything back. Its files are moved, because
nothing asks for the flag where they are read.
A silence is such a flag, too; `filters.is_limited` says what it hides.
Each change of a flag, a role or a password is recorded in the audit log, in the same
transaction. Staff may only act on people with a lower role; operators, on the command
line, on everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from kwip.cache import invalidation_rules
from kwip.domain.accounts.audit_log import BY_KWIP, Action
from kwip.domain.accounts.roles import Role, may_appoint
from kwip.domain.accounts.users import check_password
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, ForbiddenError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.surrogate_keys import of_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.accounts.passwords import Passwords
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.coherence.fence import Fence
    from kwip.services.media.stored.withholding import Withholding
    from kwip.services.reading.stores import Stores
    from kwip.services.social.follow_requests import FollowRequests
    from kwip.store.accounts.roles import RoleStore
    from kwip.store.jobs import JobStore


def deletion_of(user_id: UserId | Literal[""]) -> str:
    """Return the id of the job that deletes a user; "" returns the prefix of all."""
    return f"delete:{user_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """Moderate accounts, as somebody has ordered. Each action may be repeated."""

    stores: Stores
    roles: RoleStore
    jobs: JobStore
    fence: Fence
    passwords: Passwords
    withholding: Withholding
    follow_requests: FollowRequests
    audit_log: AuditLog
    clock: ClockMs

    def suspend(
        self,
        user_id: UserId,
        order: Order = BY_KWIP,
        then: Callable[[], None] = lambda: None,
    ) -> bool:
        """Hide an account and everything it wrote, and lock it.

        False if it was suspended by staff already. `then` is called as soon as the flag
        is stored.

        Raises:
            NotFoundError: There is no such user.
            ConflictError: It is the only owner.
            StoreUnavailableError: Some files may still be readable. Do it again.
        """
        entry = self.entry(order, Action.SUSPEND_USER, user_id)
        note = partial(self.stores.closures.note_suspension, user_id)
        is_new = self.roles.suspend(user_id, entry, note)
        then()
        self.hide(user_id)
        return is_new

    def hide(self, user_id: UserId) -> None:
        """Do what follows after the flag of a suspension is stored; may be repeated.

        Raises:
            StoreUnavailableError: Some files may still be readable. Do it again.
        """
        self.fence.invalidate(invalidation_rules.suspend(user_id=user_id))
        self.withholding.files.purges.forget(of_user(user_id))
        self.withholding.withhold(user_id)
        self.follow_requests.end_all(user_id)

    def unsuspend(self, user_id: UserId, order: Order = BY_KWIP) -> None:
        """End a suspension; an account that its owner has closed stays hidden.

        Raises:
            NotFoundError: There is no such user.
            ConflictError: The account is being deleted.
        """
        if self.jobs.find(deletion_of(user_id)) is not None:
            raise ConflictError(
                lazy_gettext(
                    "This account is being deleted, which can't be undone. "
                    "Run `kwip users delete` to finish."
                ),
                user_id=user_id,
            )
        entry = self.entry(order, Action.UNSUSPEND_USER, user_id)
        if self.stores.closures.find(user_id) is None:
            self.withholding.restore(user_id)
        self.stores.closures.unsuspend(user_id, entry)
        self.fence.invalidate(invalidation_rules.unsuspend(user_id=user_id))

    def silence(self, user_id: UserId, order: Order = BY_KWIP) -> bool:
        """Hide an account from all but its followers, wherever nobody asked for it.

        False if it was silenced already.

        Raises:
            NotFoundError: There is no such user.
        """
        entry = self.entry(order, Action.SILENCE_USER, user_id)
        is_new = self.roles.silence(user_id, entry, is_set=True)
        self.fence.invalidate(invalidation_rules.silence(user_id=user_id))
        self.withholding.files.purges.forget(of_user(user_id))
        return is_new

    def unsilence(self, user_id: UserId, order: Order = BY_KWIP) -> None:
        """End a silence.

        Raises:
            NotFoundError: There is no such user.
        """
        entry = self.entry(order, Action.UNSILENCE_USER, user_id)
        self.roles.silence(user_id, entry, is_set=False)
        self.fence.invalidate(invalidation_rules.unsilence(user_id=user_id))

    def set_role(self, user_id: UserId, role: Role, order: Order = BY_KWIP) -> None:
        """Give a user a role: one below that of the actor, or any if an owner acts.

        Raises:
            NotFoundError: There is no such user.
            ForbiddenError: The actor may not give this role, or not to this user.
            ConflictError: It is the only owner.
        """
        if order.role is not None and not may_appoint(order.role, role):
            raise ForbiddenError(
                lazy_gettext("You can only give roles below your own."), rule="role"
            )
        entry = self.entry(order, Action.SET_ROLE, user_id, role=role)
        self.roles.set_role(user_id, role, entry)
        self.fence.invalidate(invalidation_rules.set_role(user_id=user_id))

    def set_password(
        self,
        user_id: UserId,
        password: str,
        order: Order = BY_KWIP,
        *,
        ends_tokens: bool = False,
    ) -> tuple[int, int]:
        """Set a user's password; count the sessions and tokens that this ends.

        Raises:
            InvalidError: The password cannot be used.
            NotFoundError: There is no such user, or one who never had a password.
        """
        hashed = self.passwords.hash(check_password(password))
        entry = self.entry(order, Action.SET_PASSWORD, user_id, ends_tokens=ends_tokens)
        if not self.stores.credentials.set_password(user_id, hashed, entry):
            raise NotFoundError(
                lazy_gettext("This account has no password."), user_id=user_id
            )
        return self.sign_out_everywhere(user_id, ends_tokens=ends_tokens)

    def confirm_email(self, user_id: UserId, order: Order = BY_KWIP) -> None:
        """Take a user's email address as confirmed.

        Raises:
            NotFoundError: There is no such user, or one without an address.
        """
        entry = self.entry(order, Action.CONFIRM_EMAIL, user_id)
        if not self.stores.credentials.confirm(user_id, at(self.clock()), entry):
            raise NotFoundError(
                lazy_gettext("This account has no email address."), user_id=user_id
            )

    def end_sessions(self, user_id: UserId, order: Order = BY_KWIP) -> None:
        """End all of a user's sessions; tokens are kept.

        Raises:
            NotFoundError: There is no such user.
        """
        self.record(order, Action.END_SESSIONS, user_id)
        self.sign_out_everywhere(user_id, ends_tokens=False)

    def sign_out_everywhere(
        self, user_id: UserId, *, ends_tokens: bool
    ) -> tuple[int, int]:
        """End all of a user's sessions, and the tokens if asked; count both."""
        now = at(self.clock())
        sessions = self.stores.sessions.end_all(user_id, now)
        tokens = self.stores.tokens.end_all(user_id, now) if ends_tokens else []
        self.fence.invalidate(
            invalidation_rules.sign_out_everywhere(
                user_id=user_id, sessions=sessions, tokens=tokens
            )
        )
        self.stores.sessions.forget(user_id, sessions)
        self.stores.tokens.forget(user_id, tokens)
        return len(sessions), len(tokens)

    def record(
        self, order: Order, action: Action, user_id: UserId, **details: str | bool
    ) -> None:
        """Record an act that is about to begin.

        Raises:
            InvalidError: The reason cannot be used.
            NotFoundError: There is no such user.
            ForbiddenError: The actor does not outrank the user.
        """
        self.entry(order, action, user_id, **details)(None)

    def entry(
        self, order: Order, action: Action, user_id: UserId, **details: str | bool
    ) -> Callable[[Any], None]:
        """Return what records an act in its transaction.

        Raises:
            InvalidError: The reason cannot be used.
            NotFoundError: There is no such user.
            ForbiddenError: The actor does not outrank the user.
        """
        user = self.stores.users.get_many([user_id]).get(user_id)
        if user is None:
            raise NotFoundError(lazy_gettext("User not found."), user_id=user_id)
        order.require_outranks(user.role)
        log = self.audit_log
        return log.entry_about(order, action, user_id, user.username, **details)
