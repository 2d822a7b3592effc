"""The settings of mail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from config import values
from config.links import LinkSettings
from config.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings(LinkSettings):
    """How Kwip sends mail; the URI is not part of the representation."""

    smtp_uri: Annotated[
        str | None,
        Rule(
            "KWIP_SMTP_URI",
            values.smtp_uri,
            None,
            shown="none: messages are written to `mail/` in `KWIP_HOME`",
            allowed="a URI such as smtp://user:password@smtp.example.org:587, or "
            "smtps:// with port 465, with user and password percent-encoded",
            doc="The server that sends mail. `smtp` uses STARTTLS, which the server "
            "must offer unless it is on this machine; `smtps` uses TLS from the "
            "beginning. Certificates are checked.",
        ),
    ] = field(repr=False)
    mail_from: Annotated[
        str,
        Rule(
            "KWIP_MAIL_FROM",
            values.mail_address,
            values.no_reply,
            shown="`no-reply@` and the host of `KWIP_ORIGIN`",
            allowed="an address such as kwip@example.org, or Kwip <kwip@example.org>",
            doc="The sender of mail. Your DNS must allow the server to send for its "
            "domain (SPF, DKIM).",
        ),
    ]
    mail_bounces: Annotated[
        str | None,
        Rule(
            "KWIP_MAIL_BOUNCES",
            values.bounce_address,
            None,
            shown="none: reports go to the sender",
            allowed="an address with at most 11 characters before the @, such as "
            "bounces@kwip.example.org",
            doc="Where your server takes reports about mail that could not be "
            "delivered, at this address with `+` and a text of each mail's own, and "
            "hands them to `kwip mail bounce` ([how](deployment.md#bounces)).",
        ),
    ]
    confirm_email: Annotated[
        bool,
        Rule(
            "KWIP_CONFIRM_EMAIL",
            values.flag,
            default=False,
            shown="0",
            allowed="1 or 0",
            doc="Whether people must confirm their email address, by a link in a "
            "mail, before they can post and follow, until administrators change it at "
            "`/admin/settings` or with `kwip site set`. It needs `KWIP_SMTP_URI`. "
            "`kwip users confirm` does it for them.",
        ),
    ]
