"""The address of an account: confirmed by a link, changed by one, and changed back."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip import telemetry
from kwip.domain.clock import at
from kwip.domain.errors import ForbiddenError, NotFoundError
from kwip.domain.mail.mails import LINK_LIFETIMES, Mail, MailKind
from kwip.domain.messages import lazy_gettext
from kwip.services.accounts.two_factor.two_factor import new_mark
from kwip.services.mail.mails import GONE
from kwip.text.emails import clean_email, read_email

if TYPE_CHECKING:
    from kwip.domain.accounts.two_factor import Proof
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.accounts.joining.site import Site
    from kwip.services.accounts.passwords import Passwords
    from kwip.services.accounts.sign_in import SignIn
    from kwip.services.accounts.staff.email_domains import EmailDomains
    from kwip.services.accounts.staff.moderation import Moderation
    from kwip.services.accounts.two_factor.two_factor import TwoFactorSettings
    from kwip.services.mail.mails import Mails
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.credentials import Mailbox

_SECRET_BYTES = 24
#: Somebody who knows the password can add a factor first, and then needs it to change
#: the address: so what was added shortly before the change is not trusted either.
_DISTRUST = dt.timedelta(days=1)
_LINKS = (MailKind.PASSWORD_RESET, MailKind.CONFIRM_EMAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailAddress:
    """Confirm and change addresses.

    Where the site requires it, people can only post and follow with a confirmed one.
    """

    stores: Stores
    mails: Mails
    email_domains: EmailDomains
    moderation: Moderation
    two_factor: TwoFactorSettings
    passwords: Passwords
    sign_in: SignIn
    clock: ClockMs
    site: Site

    def mailbox(self, viewer: Viewer) -> Mailbox | None:
        """Return the viewer's address; one query."""
        return self.stores.credentials.mailbox(viewer.id)

    def is_lacking(self, viewer: Viewer) -> bool:
        """Return whether the viewer has yet to confirm an address; at most one query.

        Users without credentials belong to operators.
        """
        is_required = self.site.current().confirm_email
        found = self.mailbox(viewer) if is_required else None
        return found is not None and found.confirmed_at is None

    def require_confirmed(self, viewer: Viewer) -> None:
        """Check that nothing has to be confirmed first.

        Raises:
            ForbiddenError: The address has.
        """
        if self.is_lacking(viewer):
            raise ForbiddenError(
                lazy_gettext(
                    "Confirm your email address first: open the link in our email, "
                    "or get a new one in the settings."
                ),
                rule="confirmed_email",
            )

    def ask_again(self, viewer: Viewer) -> str:
        """Send the viewer another link; return the address, "" if it is confirmed.

        Raises:
            RateLimitedError: There were too many.
        """
        found = self.mailbox(viewer)
        if found is None or found.confirmed_at is not None:
            return ""
        self.sign_in.charge("reset", {"reset": f"own:{viewer.id}"})
        self._ask(viewer.id, found.email, {})
        return found.email

    def try_again(self, viewer: Viewer) -> None:
        """Mail notifications again to an address that was refused, until it is again.

        Raises:
            RateLimitedError: There were too many attempts.
        """
        found = self.mailbox(viewer)
        if found is not None and found.problem:
            self.sign_in.charge("reset", {"reset": f"own:{viewer.id}"})
            self.stores.credentials.note_problem(viewer.id, found.email, "")

    def change(self, viewer: Viewer, proof: Proof, text: str) -> str:
        """Send a link to a new address, which becomes the viewer's by it; return it.

        Whether somebody else has it is only said to whoever follows the link.

        Raises:
            InvalidError: The password or the code is wrong, or the address cannot be
                used.
            RateLimitedError: There were too many.
        """
        email = clean_email(text)
        self.email_domains.require_allowed(email)
        self.two_factor.authorise(viewer, proof)
        self.sign_in.charge("reset", {"reset": f"own:{viewer.id}"})
        self._ask(viewer.id, email.address, {"is_new": "yes"})
        return email.address

    def pending(self, kind: MailKind, link: str) -> Mail:
        """Return the mail of a link that still works.

        Raises:
            NotFoundError: It does not.
        """
        return self.mails.opened(kind, link)

    def confirm(self, link: str) -> str:
        """Confirm the address that a link was sent to; return it.

        If it is a new one, the old one is told.

        Raises:
            NotFoundError: The link no longer works.
            ForbiddenError: The address was blocked meanwhile.
            ConflictError: Somebody else has that address.
        """
        mail = self.pending(MailKind.CONFIRM_EMAIL, link)
        before = self.stores.credentials.mailbox(mail.user_id)
        notice = None
        is_same = before is not None and before.key == read_email(mail.address).key
        if before is None or not is_same or before.confirmed_at is None:
            self.email_domains.require_still_allowed(mail.address)
        if before is not None and not is_same:
            asked_at = mail.created_at.isoformat()
            details = {"new": mail.address, "asked_at": asked_at}
            draft = self.mails.draft
            notice = draft(MailKind.EMAIL_CHANGED, mail.user_id, before.email, details)
        self._set(mail, notice)
        telemetry.AUTH_EVENTS.labels("email_confirmed").inc()
        return mail.address

    def undo(self, link: str) -> str:
        """Give an account its old address back; end its password, sessions and tokens.

        Whoever changed the address knew the password. A new one is set by a link to the
        old address. Factors that were added since a day before it was asked for are
        forgotten, or they would keep the owner out.

        Raises:
            NotFoundError: The link no longer works.
            ConflictError: Somebody else has that address now.
        """
        mail = self.pending(MailKind.EMAIL_CHANGED, link)
        nobodys = self.passwords.hash(secrets.token_urlsafe(_SECRET_BYTES))
        self.stores.credentials.set_password(mail.user_id, nobodys)
        self.moderation.sign_out_everywhere(mail.user_id, ends_tokens=True)
        self._set(mail, None)
        asked_at = mail.details.get("asked_at")
        since = dt.datetime.fromisoformat(asked_at) if asked_at else mail.created_at
        trusted, mark = since - _DISTRUST, new_mark()
        self.two_factor.second_factor.store.change(
            mail.user_id, lambda state: (state.before(trusted, mark), None)
        )
        self.moderation.sign_out_everywhere(mail.user_id, ends_tokens=True)
        telemetry.AUTH_EVENTS.labels("email_restored").inc()
        return mail.address

    def confirm_by_operator(self, user_id: UserId) -> None:
        """Take the address of a user as confirmed.

        Raises:
            NotFoundError: The user has no address.
        """
        if not self.stores.credentials.confirm(user_id, at(self.clock())):
            raise NotFoundError(
                lazy_gettext("This account has no email address."), user_id=user_id
            )

    def _ask(self, user_id: UserId, email: str, details: dict[str, str]) -> None:
        draft = self.mails.draft(MailKind.CONFIRM_EMAIL, user_id, email, details)
        self.mails.post(draft)

    def _set(self, mail: Mail, notice: Mail | None) -> None:
        """Store the address of a mail, use up its link, and store the notice.

        As long as the notice can undo it, nobody else gets the old address: a thief
        would take it with another account, and nothing could be undone.
        """
        now = at(self.clock())
        undone_by = LINK_LIFETIMES[MailKind.EMAIL_CHANGED]
        held_until = None if notice is None else now + undone_by

        def also(session: Any) -> None:
            if not self.mails.store.use(mail, session):
                raise NotFoundError(GONE)
            # Links to the address of before.
            self.mails.store.use_up(mail.user_id, _LINKS, session)
            if notice is not None:
                self.mails.store.add(notice, notice.created_at, session)

        self.stores.credentials.set_email(
            mail.user_id, read_email(mail.address), now, also, held_until
        )
        if notice is not None:
            self.mails.hurry(notice)
