"""Make a message of a letter: headers, a text and an HTML part from one template."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import kwip
from kwip.text.hosts import ascii_host
from kwip.text.translation import direction, language

if TYPE_CHECKING:
    import datetime as dt
    from email.policy import Policy

    from kwip.domain.mail.mails import Letter, Mail

_TEMPLATES = Path(kwip.__file__).parent / "templates"
_TEMPLATE = "mail.html"


class _Address(UnstructuredHeader, BaseHeader):
    """A header with an address, on one line however long it is.

    Python would encode a long one, as it does with text, and programs of mail would
    find no address in it.
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> EmailPolicy[EmailMessage]:
    headers = HeaderRegistry()
    headers.map_to_type("List-Unsubscribe", _Address)
    return EmailPolicy(header_factory=headers)


_POLICY = _policy()


@dataclass(frozen=True, slots=True)
class Messages:
    """Write messages in the name of a site.

    Args:
        origin: The address of the site.
        host: Its host, which is also its name.
        sender: Who sends, with or without a name.
    """

    origin: str
    host: str
    sender: str
    _environment: Environment = field(
        init=False,
        repr=False,
        default_factory=lambda: Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=False,  # noqa: S701 -- the template says where
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        ),
    )

    def write(
        self, mail: Mail, address: str, letter: Letter, now: dt.datetime
    ) -> EmailMessage:
        """Write a message to an address; `now` is its date."""
        message = EmailMessage(_POLICY)
        message["From"] = self.sender
        message["To"] = _in_ascii(address)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = mail.message_id
        # Out-of-office replies would come to an address that nobody reads.
        message["Auto-Submitted"] = "auto-generated"
        if letter.unsubscribe is not None:  # with one click, as RFC 8058 has it
            message["List-Unsubscribe"] = f"<{letter.unsubscribe[1]}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self.part(letter, is_html=False))
        message.add_alternative(self.part(letter, is_html=True), subtype="html")
        return message

    def part(self, letter: Letter, *, is_html: bool) -> str:
        """Return the text or the HTML of a letter."""
        return self._environment.get_template(_TEMPLATE).render(
            letter=letter,
            is_html=is_html,
            origin=self.origin,
            host=self.host,
            language=language,
            direction=direction,
        )


def _in_ascii(address: str) -> str:
    """Return an address with its domain in ASCII, as servers know it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{ascii_host(domain) or domain}"
