"""Requests to join: made at sign-up, answered by staff, with a mail each.

Nobody is a user before the answer: what somebody has entered waits beside the users,
so no page, search or mention can show it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.audit_log import Action
from kwip.domain.accounts.joining import ANSWER_MAX, REASON_MAX, Application
from kwip.domain.accounts.users import User
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.ids import NOBODY
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext
from kwip.services.accounts.users import NewUser, refusal
from kwip.text.emails import read_email
from kwip.text.profiles import clean_lines

if TYPE_CHECKING:
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.mail.mails import Mail
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.accounts.staff.staff_mail import StaffMail
    from kwip.services.accounts.users import SignUp, Users
    from kwip.services.mail.mails import Mails
    from kwip.store.accounts.applications import ApplicationStore

#: How many a list shows.
SHOWN = 200
#: Staff gets no mail about another request so soon after one that still waits.
_QUIET = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applications:
    """Take requests to join, list them, and answer them."""

    store: ApplicationStore
    users: Users
    mails: Mails
    audit_log: AuditLog
    staff_mail: StaffMail
    clock: ClockMs

    def apply(self, form: SignUp, reason: str) -> None:
        """Store a request to join.

        Raises:
            InvalidError: Every field that cannot be used, in `fields`, or the field
                that is `taken`.
        """
        wrong: dict[str, str] = {}
        why = clean_lines("reason", reason, REASON_MAX, wrong)
        if not why:
            wrong.setdefault("reason", lazy_gettext("Say why you'd like to join."))
        try:
            new = self.users.prepare(form)
        except InvalidError as error:
            raise InvalidError(error.message, {**error.fields, **wrong}) from error
        if wrong:
            raise InvalidError(lazy_gettext("This account can't be created."), wrong)
        application = Application(
            id=new.user.id,
            username=new.user.username,
            display_name=new.user.display_name,
            email=new.email.address,
            email_key=new.email.key,
            password_hash=new.password_hash,
            reason=why,
            at=at(self.clock()),
            language=new.user.language,
        )
        mails = self._notices(application)
        try:
            self.store.add(application, partial(self.staff_mail.add, mails))
        except ConflictError as error:
            raise refusal(error) from error
        self.staff_mail.hurry(mails)

    def _notices(self, application: Application) -> list[Mail]:
        """Make mails to staff, unless somebody else has waited for less than an hour.

        Whoever reads of one request sees them all.
        """
        newest = self.store.newest_at()
        if newest is not None and application.at - newest < _QUIET:
            return []
        about = {"username": application.username}
        return self.staff_mail.drafts(MailKind.NEW_APPLICATION, about)

    def waiting(self) -> list[Application]:
        """Return those that wait for an answer, the oldest first."""
        return self.store.oldest(SHOWN)

    def count(self) -> int:
        """Count what `waiting` returns; one query."""
        return self.store.count(SHOWN)

    def named(self, username: str) -> Application:
        """Find the request of somebody who chose a username.

        Raises:
            NotFoundError: Nobody with that name waits.
        """
        found = self.store.find(username.removeprefix("@").lower())
        if found is None:
            raise NotFoundError(
                lazy_gettext("Nobody with that username is waiting for approval.")
            )
        return found

    def get(self, user_id: UserId) -> Application:
        """Find a request by the id that its user will have.

        Raises:
            NotFoundError: It was answered already.
        """
        found = self.store.get(user_id)
        if found is None:
            raise _answered()
        return found

    def approve(self, user_id: UserId, order: Order) -> User:
        """Create the user, and write to them.

        Raises:
            NotFoundError: The request was answered already.
            ConflictError: The address was blocked meanwhile.
        """
        found = self.get(user_id)
        self.users.email_domains.require_unblocked(found.email)
        entry = self.audit_log.entry_about(
            order, Action.APPROVE_USER, found.id, found.username
        )
        user = User(
            id=found.id,
            username=found.username,
            display_name=found.display_name,
            language=found.language,
        )
        kinds = (MailKind.ACCOUNT_APPROVED, MailKind.CONFIRM_EMAIL)
        drafts = [self.mails.draft(kind, found.id, found.email) for kind in kinds]

        def take(_: UserId, session: Any) -> None:
            if not self.store.take(found.id, session):
                raise _answered()
            entry(session)
            for mail in drafts:
                self.mails.store.add(mail, mail.created_at, session)

        email = read_email(found.email)
        new = NewUser(user, email, found.password_hash, is_awaited=True)
        made = self.users.create(new, take)
        for mail in drafts:
            self.mails.hurry(mail)
        return made

    def reject(self, user_id: UserId, order: Order, answer: str = "") -> None:
        """Delete the request, free name and address, and write to the person.

        Raises:
            InvalidError: The answer is too long.
            NotFoundError: The request was answered already.
        """
        wrong: dict[str, str] = {}
        said = clean_lines("answer", answer, ANSWER_MAX, wrong)
        if wrong:
            raise InvalidError(lazy_gettext("The answer was not sent."), wrong)
        found = self.get(user_id)
        entry = self.audit_log.entry_about(
            order, Action.REJECT_USER, found.id, found.username
        )
        details = {
            "username": found.username,
            "answer": said,
            "language": found.language,
        }
        mail = self.mails.draft(MailKind.ACCOUNT_REJECTED, NOBODY, found.email, details)

        def also(session: Any) -> None:
            entry(session)
            self.mails.store.add(mail, mail.created_at, session)

        if not self.store.take_and(found.id, also):
            raise _answered()
        self.mails.hurry(mail)


def _answered() -> NotFoundError:
    return NotFoundError(lazy_gettext("This request was already answered."))
