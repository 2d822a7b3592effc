"""A real server of mail, which keeps what it is sent."""

from __future__ import annotations

import asyncio
import email.policy
import threading
from contextlib import contextmanager
from email import message_from_bytes

import pytest
from aiosmtpd.smtp import SMTP, AuthResult


class Mailbox:
    """Takes every message, unless told what to answer.

    `answers` are the answers to the next recipients, and `data_answers` those to the
    next messages; "" takes one. `on_data` is called before each message is taken.
    """

    def __init__(self):
        self.port = 0
        self.forget()

    def forget(self):
        self.messages, self.senders, self.logins = [], [], []
        self.answers, self.data_answers = [], []
        self.on_data = lambda: None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        answer = self.answers.pop(0) if self.answers else ""
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.on_data()
        answer = self.data_answers.pop(0) if self.data_answers else ""
        if not answer:
            message = message_from_bytes(envelope.content, policy=email.policy.default)
            self.messages.append(message)
            self.senders.append(envelope.mail_from)
        return answer or "250 OK"

    def log_in(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)

    @property
    def uri(self):
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def mail_server():
    """Run a server in a thread; give its mailbox."""
    box, loop = Mailbox(), asyncio.new_event_loop()

    def protocol():
        return SMTP(
            box,
            loop=loop,
            hostname="mail.example.org",
            authenticator=box.log_in,
            auth_require_tls=False,
        )

    # All in the thread: that of the tests may have a loop of its own, for a browser.
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    starting = loop.create_server(protocol, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    box.port = server.sockets[0].getsockname()[1]
    yield box
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def parts_of(message):
    """Return the text and the HTML of a message."""
    return [
        message.get_body([kind]).get_content().replace("\r\n", "\n")
        for kind in ("plain", "html")
    ]


@pytest.fixture(scope="session")
def one_server():
    """Return the mailbox of a server for all tests of this process."""
    with mail_server() as box:
        yield box


@pytest.fixture
def mailbox(one_server):
    """Return an empty mailbox."""
    one_server.forget()
    return one_server
