"""Bounces that come as mail: read the report, and switch off what is optional.

A mail is sent with a sender of its own, which names the mail and is signed: whoever
sends a report to it has seen that mail. So nobody can end mail to somebody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import compat32
from itertools import chain, islice
from typing import TYPE_CHECKING

import structlog

from kwip.domain.clock import at
from kwip.domain.ids import NOBODY
from kwip.domain.mail.bounces import MOST_SOFT, SOFT_WITHIN, Bounce, BounceKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from kwip.domain.clock import ClockMs
    from kwip.domain.mail.mails import Mail
    from kwip.domain.signed_addresses import Signer
    from kwip.services.reading.stores import Stores
    from kwip.store.mail.mails import MailStore

log = structlog.get_logger()

#: A report quotes the mail at most; the rest of a longer one is not read.
MOST_BYTES = 1_000_000
#: What is read of the recipients of a report: each of our mails has one. And how much
#: of a header that names some.
_MOST_RECIPIENTS, _HEADER_CHARS = 20, 1_000
_PROBLEM_MAX = 200
_ID = re.compile(r"[+-]([0-9a-f]{32})([0-9a-f]{20})@", re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
#: Where servers say to whom a message was sent.
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
#: What is not about the address: a policy against the sender. A full mailbox may be
#: emptied.
_POLICY, _FULL = re.compile(r"5\.7\.\d+"), "5.2.2"


@dataclass(frozen=True, slots=True)
class Bounces:
    """Take reports, and give each mail a sender to which they come.

    `address` is where they come, empty on sites that take none.
    """

    store: MailStore
    stores: Stores
    signer: Signer
    clock: ClockMs
    address: str

    def sender_of(self, mail: Mail) -> str:
        """Return the sender of a mail on its envelope; empty if reports go nowhere."""
        if not self.address:
            return ""
        local, _, host = self.address.rpartition("@")
        return f"{local}+{mail.id}{self.signer.sign_bounce(mail.id)}@{host}"

    def take(self, content: bytes, recipient: str = "") -> str:
        """Take a report that was sent to a mail's sender; return what it led to.

        `off` and `counted` are what it is for. `unsigned` has a recipient that we never
        used, `unknown` a mail that is not stored any more, and `other` is no report of
        a failure, such as an answer by somebody who is on holiday.
        """
        # Other policies take seconds to read the addresses of a long header.
        message = message_from_bytes(content[:MOST_BYTES], policy=compat32)
        mail_id = self._mail_id(message, recipient)
        if mail_id is None:
            return "unsigned"
        found = bounce_in(message)
        if found is None:
            return "other"
        mail = self.store.bounced(mail_id, found.kind)
        if mail is None:
            return "unknown"
        if mail.user_id == NOBODY:
            return "counted"
        if found.kind is BounceKind.SOFT:
            since = at(self.clock()) - SOFT_WITHIN
            if self.store.soft_count(mail.user_id, mail.address, since) < MOST_SOFT:
                return "counted"
        self.stores.credentials.note_problem(mail.user_id, mail.address, found.problem)
        log.info("mail_bounced", mail_id=mail.id, user_id=str(mail.user_id))
        return "off"

    def _mail_id(self, message: Message, recipient: str) -> str | None:
        """Return the mail whose sender the report was sent to, if we signed that."""
        found = chain.from_iterable(message.get_all(n, []) for n in _RECIPIENTS)
        named = (str(each)[:_HEADER_CHARS] for each in found)
        # Not parsed as addresses: one that is cut or wrong would hide the others.
        for header in (recipient, *islice(named, _MOST_RECIPIENTS)):
            for match in _ID.finditer(header):
                mail_id, signature = match[1].lower(), match[2].lower()
                if self.signer.is_bounce(mail_id, signature):
                    return mail_id
        return None


def bounce_in(message: Message) -> Bounce | None:
    """Read what a delivery status notification (RFC 3464) says of its recipient.

    None if it is none, or says that the mail was delivered, or is only late.
    """
    if message.get_content_type() != "multipart/report":
        return None
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for fields in islice(_blocks(part), 1 + _MOST_RECIPIENTS):
            if str(fields.get("Action", "")).strip().lower() == "failed":
                return _read(fields)
    return None


def _blocks(part: Message) -> Iterator[Message]:
    """Iterate the groups of fields of a report: the server's, and each recipient's."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (each for each in payload if not isinstance(each, str))


def _read(fields: Message) -> Bounce | None:
    status = _STATUS.search(str(fields.get("Status", "")))
    if status is None or status[0].startswith("2") or _POLICY.fullmatch(status[0]):
        return None
    said = str(fields.get("Diagnostic-Code", "")).partition(";")[2]
    words = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    problem = words if status[0] in words else f"{status[0]} {words}".strip()
    is_hard = status[0].startswith("5") and status[0] != _FULL
    kind = BounceKind.HARD if is_hard else BounceKind.SOFT
    return Bounce(kind, problem[:_PROBLEM_MAX])
