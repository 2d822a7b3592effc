"""Where messages go: a server of mail, or a folder on sites that have none."""

from __future__ import annotations

import ipaddress
import os
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from kwip.domain.mail.mails import Refusal

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

#: Seconds for each answer of the server. The last one comes when it has taken the
#: message, which may involve looking for spam.
_ANSWER_S = 60.0
_PERMANENT = 500
_PROBLEM_MAX = 200
#: Enhanced status codes of rejected policies: it is about us, not about the address.
_POLICY = re.compile(r"5\.7\.\d")
#: A site without a server keeps so many messages.
_MOST_FILES = 500


class Transport(Protocol):
    """Takes messages."""

    def send(self, message: EmailMessage, sender: str = "") -> Refusal | None:
        """Send a message; return why it was not taken, if it was not.

        `sender` is where reports about it go, by default whom it is from.
        """


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The server of an URI; with TLS, unless it is on this machine.

    A new connection for each message: it is not kept, because minutes may pass between
    two.
    """

    uri: str = field(repr=False)
    host: str

    def send(self, message: EmailMessage, sender: str = "") -> Refusal | None:
        """Send a message; return why it was not taken, if it was not."""
        connection = None
        try:
            connection = self._connect(_ANSWER_S)
            connection.send_message(message, sender or None)
        except smtplib.SMTPRecipientsRefused as error:
            return _refusal(*next(iter(error.recipients.values())), is_recipient=True)
        except smtplib.SMTPAuthenticationError as error:
            # The operator can correct it.
            return Refusal(_said(error.smtp_code, error.smtp_error))
        except smtplib.SMTPResponseException as error:
            return _refusal(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return Refusal(str(error), is_permanent=not _is_about_tls(error))
        except (OSError, smtplib.SMTPException) as error:
            return Refusal(f"{type(error).__name__}: {error}"[:_PROBLEM_MAX])
        finally:
            if connection is not None:
                _leave(connection)
        return None

    def check(self, timeout_s: float) -> str:
        """Connect and log in; return what is wrong, "" if nothing is."""
        try:
            _leave(self._connect(timeout_s))
        except (OSError, smtplib.SMTPException) as error:
            return f"{type(error).__name__}: {error}"[:_PROBLEM_MAX]
        return ""

    def _connect(self, timeout_s: float) -> smtplib.SMTP:
        parts = urlsplit(self.uri)
        server = parts.hostname or ""
        connection: smtplib.SMTP
        if parts.scheme == "smtps":
            connection = smtplib.SMTP_SSL(
                server,
                parts.port or smtplib.SMTP_SSL_PORT,
                self.host,
                timeout=timeout_s,
                context=ssl.create_default_context(),
            )
        else:
            connection = smtplib.SMTP(server, parts.port or 587, self.host, timeout_s)
        try:
            if parts.scheme == "smtp" and not _is_loopback(server):
                connection.starttls(context=ssl.create_default_context())
            if parts.username and parts.password:
                connection.login(unquote(parts.username), unquote(parts.password))
        except BaseException:
            connection.close()
            raise
        return connection


@dataclass(frozen=True, slots=True)
class MailFolder:
    """A folder, for sites without a server: one file for each message."""

    folder: Path

    def send(self, message: EmailMessage, sender: str = "") -> Refusal | None:  # noqa: ARG002 -- no report will come
        """Write a message; only the owner of the site can read the file."""
        name = re.sub("[^0-9A-Za-z]", "", message["Message-ID"].partition("@")[0])
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self.folder / f".{name}.part"
            opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(opened, "wb") as file:
                file.write(bytes(message))
            # The same name each time: a message that is written again is not doubled.
            part.rename(self.folder / f"{name}.eml")
            self._prune()
        except OSError as error:
            return Refusal(f"{type(error).__name__}: {error}"[:_PROBLEM_MAX])
        return None

    def _prune(self) -> None:
        files = sorted(self.folder.glob("*.eml"), key=lambda file: file.stat().st_mtime)
        for file in files[:-_MOST_FILES]:
            file.unlink(missing_ok=True)


def transport_of(uri: str | None, folder: Path, host: str) -> Transport:
    """Return the server of an URI, or without one the folder."""
    return MailFolder(folder) if uri is None else SmtpServer(uri, host)


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye, and wait for no answer: the message is taken, and to be noted."""
    with suppress(OSError, smtplib.SMTPException):
        connection.putcmd("quit")
    connection.close()


def _refusal(code: int, answer: bytes | str, *, is_recipient: bool = False) -> Refusal:
    problem = _said(code, answer)
    is_permanent = code >= _PERMANENT
    is_about_us = _POLICY.search(problem) is not None
    return Refusal(
        problem,
        is_permanent=is_permanent,
        is_bounce=is_recipient and is_permanent and not is_about_us,
    )


def _said(code: int, answer: bytes | str) -> str:
    text = answer if isinstance(answer, str) else answer.decode("ascii", "replace")
    words = " ".join(text.split())
    return f"{code} {words}"[:_PROBLEM_MAX]


def _is_about_tls(error: smtplib.SMTPNotSupportedError) -> bool:
    return "STARTTLS" in str(error) or "AUTH" in str(error)


def _is_loopback(server: str) -> bool:
    if server == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(server).is_loopback
    return False
