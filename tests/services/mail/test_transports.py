"""What a server of mail may answer, and what it never gets to know."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from kwip.services.mail import transports
from kwip.services.mail.transports import SmtpServer


@pytest.fixture
def message():
    made = EmailMessage()
    made["From"], made["To"] = "no-reply@kwip.example.org", "alice@example.org"
    made.set_content("Hello")
    return made


def test_no_password_and_no_message_goes_over_a_network_without_tls(
    mailbox, message, monkeypatch
):
    monkeypatch.setattr(transports, "_is_loopback", lambda _: False)
    server = SmtpServer(mailbox.uri.replace("//", "//kwip:geheim@"), "kwip.example.org")

    refusal = server.send(message)

    assert "STARTTLS" in refusal.problem
    assert not refusal.is_permanent
    assert "STARTTLS" in server.check(1.0)
    assert (mailbox.logins, mailbox.messages) == ([], [])
    assert "geheim" not in repr(server) + refusal.problem


@pytest.mark.parametrize(
    ("answer", "is_permanent", "is_bounce"),
    [
        ("450 4.2.1 busy", False, False),
        ("550 5.1.1 no such user", True, True),
        ("554 5.7.1 relaying denied", True, False),
    ],
)
def test_only_the_address_itself_makes_a_bounce(
    mailbox, message, answer, is_permanent, is_bounce
):
    mailbox.answers = [answer]

    refusal = SmtpServer(mailbox.uri, "kwip.example.org").send(message)

    assert (refusal.problem, refusal.is_permanent) == (answer, is_permanent)
    assert refusal.is_bounce == is_bounce


def test_a_server_that_is_down_is_tried_again(message):
    server = SmtpServer("smtp://kwip:geheim@127.0.0.1:1", "kwip.example.org")

    refusal = server.send(message)

    assert not refusal.is_permanent
    assert "ConnectionRefusedError" in server.check(1.0)
    assert "geheim" not in refusal.problem
