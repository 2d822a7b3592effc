"""Send mail once: stored first, then sent by a job until a server takes it.

A worker has a lease on the mail while it sends it. It notes the end right after the
server's OK, so a mail is sent twice only if the worker dies between these two.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from kwip.domain.clock import at
from kwip.domain.errors import NotFoundError
from kwip.domain.ids import NOBODY
from kwip.domain.mail.mails import (
    FORGOTTEN,
    LINK_LIFETIMES,
    OPTIONAL,
    TO_STRANGERS,
    TO_SUSPENDED,
    Mail,
    MailKind,
    Refusal,
    patience_of,
)
from kwip.domain.messages import lazy_gettext
from kwip.domain.retries import MOST_ATTEMPTS, pause_after
from kwip.services.mail.letters import letter_of
from kwip.services.mail.moderation_letters import MODERATION_LETTERS
from kwip.services.mail.transports import MailFolder
from kwip.text.emails import read_email

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.mail.mails import Letter
    from kwip.domain.signed_addresses import Signer
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.mail.bounces import Bounces
    from kwip.services.mail.digests import Digests
    from kwip.services.mail.messages import Messages
    from kwip.services.mail.recipients import Recipients
    from kwip.services.mail.site import Site
    from kwip.services.mail.transports import Transport
    from kwip.services.reading.stores import Stores
    from kwip.store.mail.mails import MailStore

log = structlog.get_logger()

#: Longer than all answers of a server together, and then another worker sends it.
LEASE = timedelta(minutes=10)
#: What a link that does not work is answered with.
GONE = lazy_gettext(
    "This link no longer works. It has expired, or was already used. Ask for a new one."
)
_ID_BYTES = 16
_ID_CHARS = 2 * _ID_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Mails:
    """Store mails, send them, and check the links in them."""

    store: MailStore
    stores: Stores
    messages: Messages
    transport: Transport
    signer: Signer
    site: Site
    digests: Digests
    recipients: Recipients
    bounces: Bounces
    enqueue: Enqueue
    clock: ClockMs

    @property
    def has_server(self) -> bool:
        """Whether mail leaves this machine, instead of being written to a folder."""
        return not isinstance(self.transport, MailFolder)

    def draft(
        self,
        kind: MailKind,
        user_id: UserId,
        address: str,
        details: Mapping[str, str] | None = None,
    ) -> Mail:
        """Make a mail that is yet to be stored."""
        mail_id = secrets.token_hex(_ID_BYTES)
        return Mail(
            id=mail_id,
            kind=kind,
            user_id=user_id,
            address=address,
            message_id=f"<{secrets.token_hex(_ID_BYTES)}@{self.site.host}>",
            created_at=at(self.clock()),
            details=details or {},
        )

    def post(self, mail: Mail) -> None:
        """Store a mail and have it sent; it is sent even if this process dies now."""
        self.store.add(mail, mail.created_at)
        self.hurry(mail)

    def hurry(self, mail: Mail) -> None:
        """Enqueue a mail that is stored."""
        self.enqueue("mail", mail.id)

    def send(self, mail_id: str) -> str:
        """Send a mail if it is due; return the outcome of the job."""
        worker, now = secrets.token_hex(8), at(self.clock())
        mail = self.store.begin(mail_id, worker, now, now + LEASE)
        if mail is None:
            return "nothing"
        found = self._recipient(mail)
        if found is None:
            self.store.drop(mail.id)
            return "dropped"
        user_id, username, address = found
        if user_id != mail.user_id:
            self.store.address_to(mail.id, worker, user_id, address)
            mail = replace(mail, user_id=user_id)
        began_s = time.monotonic()
        with self.recipients.writing_to(user_id, mail.details.get("language", "")):
            letter = self._letter(mail, user_id, username)
            if letter is None:
                self.store.drop(mail.id)
                return "dropped"
            message = self.messages.write(mail, address, letter, now)
        refusal = (
            Refusal("the link has expired", is_permanent=True)
            if now - mail.created_at >= LINK_LIFETIMES.get(mail.kind, timedelta.max)
            else self.transport.send(message, self.bounces.sender_of(mail))
        )
        if refusal is not None:
            if refusal.is_bounce:
                self._note_problem(user_id, address, refusal.problem)
            return self._fail(mail, worker, refusal)
        if mail.kind in FORGOTTEN:
            self.store.drop(mail.id)
        else:
            self.store.sent(mail.id, worker)
        log.info(
            "mail_sent",
            mail_id=mail.id,
            kind=mail.kind.value,
            user_id=str(user_id),
            attempts=mail.attempts,
            ms=round((time.monotonic() - began_s) * 1_000, 1),
        )
        return "done"

    def link_of(self, mail: Mail) -> str:
        """Return what the link of a mail carries; a secret until it is used."""
        return mail.id + self.signer.sign_mail(f"{mail.kind} {mail.id}")

    def opened(self, kind: MailKind, link: str) -> Mail:
        """Find the mail of a link that still works; one query.

        Raises:
            NotFoundError: We never sent it, or it was used, or is too old.
        """
        mail_id, signature = link[:_ID_CHARS], link[_ID_CHARS:]
        mail = None
        if self.signer.is_from_mail(f"{kind} {mail_id}", signature):
            mail = self.store.find(mail_id)
        too_old = at(self.clock()) - LINK_LIFETIMES[kind]
        if mail is None or mail.created_at <= too_old:
            raise NotFoundError(GONE)
        # Not addressed yet: its link cannot have been followed.
        if mail.user_id == NOBODY and kind not in TO_STRANGERS:
            raise NotFoundError(GONE)
        return mail

    def _recipient(self, mail: Mail) -> tuple[UserId, str, str] | None:
        """Return who gets a mail: id, username and address; None for nobody."""
        locks_out = self.stores.closures.locks_out
        if mail.kind in TO_STRANGERS:
            return NOBODY, mail.details.get("username", ""), mail.address
        if mail.kind is MailKind.PASSWORD_RESET:
            # Only here, so that the page answers alike whether the account exists.
            known = self.stores.users.credentials_of(read_email(mail.address))
            if (
                known is None
                or known.is_waiting
                or locks_out(known.user_id, is_suspended=known.is_suspended)
            ):
                return None
            return known.user_id, known.username, known.email
        user = self.stores.users.get_many([mail.user_id]).get(mail.user_id)
        is_expected = mail.kind in TO_SUSPENDED
        if user is None or (
            not is_expected and locks_out(user.id, is_suspended=user.is_suspended)
        ):
            return None
        if mail.kind in OPTIONAL:
            found = self.stores.credentials.mailbox(user.id)
            # It may have been changed because others read what comes there.
            is_private = mail.kind is MailKind.NOTIFICATIONS
            is_left = is_private and found and found.email != mail.address
            if found is None or found.problem or is_left:
                return None
        return user.id, user.username, mail.address

    def _letter(self, mail: Mail, user_id: UserId, username: str) -> Letter | None:
        """Write what a mail says; None if there is nothing left to say."""
        if mail.kind is MailKind.NOTIFICATIONS:
            return self.digests.letter(user_id, username, mail.details)
        write = MODERATION_LETTERS.get(mail.kind, letter_of)
        return write(mail, username, self.link_of(mail), self.site)

    def test(self, address: str) -> Refusal | None:
        """Send a test now; return why it was not accepted, if it was not."""
        mail = self.draft(MailKind.TEST, NOBODY, address)
        return self.hand_over(mail, address, letter_of(mail, "", "", self.site))

    def hand_over(self, mail: Mail, address: str, letter: Letter) -> Refusal | None:
        """Send a mail now; return why it was not accepted, if it was not."""
        message = self.messages.write(mail, address, letter, at(self.clock()))
        return self.transport.send(message, self.bounces.sender_of(mail))

    def _note_problem(self, user_id: UserId, address: str, problem: str) -> None:
        """Switch off what is optional for an address that bounced.

        It is on again when the address is confirmed or changed.
        """
        if user_id != NOBODY:
            self.stores.credentials.note_problem(user_id, address, problem)

    def _fail(self, mail: Mail, worker: str, refusal: Refusal) -> str:
        now = at(self.clock())
        due = now + pause_after(mail.attempts)
        is_over = mail.attempts >= MOST_ATTEMPTS or due - mail.created_at > patience_of(
            mail.kind
        )
        if not (refusal.is_permanent or is_over):
            self.store.failed(mail.id, worker, due, refusal.problem)
            return "later"
        self.store.failed(mail.id, worker, None, refusal.problem)
        log.error(
            "mail_given_up",
            mail_id=mail.id,
            kind=mail.kind.value,
            user_id=str(mail.user_id),
            attempts=mail.attempts,
            reason=refusal.problem,
        )
        return "dead"
