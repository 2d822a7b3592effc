"""Let people who forgot their password choose a new one, by a link in a mail.

The request only stores a mail to the address that was typed. The job that sends it
looks for the account, so the request takes the same time whether there is one or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kwip import telemetry
from kwip.domain.accounts.audit_log import Action
from kwip.domain.accounts.users import check_password
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import NOBODY
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext
from kwip.services.mail.mails import GONE
from kwip.text.emails import clean_email

if TYPE_CHECKING:
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.ids import UserId
    from kwip.domain.mail.mails import Mail
    from kwip.services.accounts.notices import Notices
    from kwip.services.accounts.passwords import Passwords
    from kwip.services.accounts.sign_in import SignIn
    from kwip.services.accounts.staff.moderation import Moderation
    from kwip.services.mail.mails import Mails
    from kwip.services.reading.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset:
    """Send links, and set passwords with them."""

    stores: Stores
    mails: Mails
    notices: Notices
    passwords: Passwords
    moderation: Moderation
    sign_in: SignIn

    def request(self, text: str, address: str | None) -> None:
        """Send a link to the account with an email address, if there is one.

        Args:
            text: The email address.
            address: Where the request comes from.

        Raises:
            InvalidError: It is no email address.
            RateLimitedError: There were too many, from there or for that address.
        """
        email = clean_email(text)
        self.sign_in.ask_for_mail(email.address, address, self._post)
        telemetry.AUTH_EVENTS.labels("reset_requested").inc()

    def send(self, user_id: UserId, order: Order) -> None:
        """Send a link to a user, as somebody ordered.

        Raises:
            NotFoundError: There is no such user, or one without an address.
            ForbiddenError: The actor does not outrank the user.
        """
        mailbox = self.stores.credentials.mailbox(user_id)
        if mailbox is None:
            raise NotFoundError(
                lazy_gettext("This account has no email address."), user_id=user_id
            )
        self.moderation.record(order, Action.SEND_RESET, user_id)
        self._post(mailbox.email)

    def owner_of(self, link: str) -> str:
        """Return the username of the account that a link is for.

        Raises:
            NotFoundError: The link no longer works.
        """
        return self._opened(link)[1]

    def complete(self, link: str, password: str) -> None:
        """Set the password with a link, and end all sessions and tokens.

        As with a change of password, they end before and after it is stored.

        Raises:
            InvalidError: The password cannot be used; the link still works.
            NotFoundError: The link no longer works.
        """
        mail, username = self._opened(link)
        try:
            check_password(password)
        except InvalidError as error:
            wrong = {"new_password": error.fields["password"]}
            raise InvalidError(
                lazy_gettext("Your password was not changed."), wrong
            ) from error
        hashed = self.passwords.hash(password)
        self.moderation.sign_out_everywhere(mail.user_id, ends_tokens=True)
        notice = self.notices.draft(MailKind.PASSWORD_CHANGED, username)
        self.stores.credentials.set_password(
            mail.user_id, hashed, partial(self._use, mail, notice)
        )
        self.moderation.sign_out_everywhere(mail.user_id, ends_tokens=True)
        self.notices.hurry(notice)
        telemetry.AUTH_EVENTS.labels("password_reset").inc()

    def _post(self, email: str) -> None:
        self.mails.post(self.mails.draft(MailKind.PASSWORD_RESET, NOBODY, email))

    def _opened(self, link: str) -> tuple[Mail, str]:
        mail = self.mails.opened(MailKind.PASSWORD_RESET, link)
        user = self.stores.users.get_many([mail.user_id]).get(mail.user_id)
        if user is None or self.stores.closures.locks_out(
            user.id, is_suspended=user.is_suspended
        ):
            raise NotFoundError(GONE)
        return mail, user.username

    def _use(self, mail: Mail, notice: Mail | None, session: Any) -> None:
        """Use up the link and store the notice, in the transaction of the password."""
        if not self.mails.store.use(mail, session):
            raise NotFoundError(GONE)
        self.notices.add(notice, session)
