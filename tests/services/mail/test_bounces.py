"""Reports that come as mail: which switch notifications off, and which don't."""

from __future__ import annotations

from email import _header_value_parser as header_parser

import pytest

_REPORT = """\
From: MAILER-DAEMON@mail.example.net (Mail Delivery System)
To: {sender}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net
Arrival-Date: Sun, 29 Nov 2026 20:00:00 +0000

Final-Recipient: rfc822; alice@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--cut
Content-Type: message/rfc822

From: no-reply@kwip.example.org
To: alice@example.org
Subject: Your password was changed

Hello
--cut--
"""
_HOLIDAY = """\
From: alice@example.org
To: {sender}
Subject: Out of office
Auto-Submitted: auto-replied
Content-Type: text/plain

I'm away until Monday. 5.1.1
"""
_HARD = {"action": "failed", "status": "5.1.1", "said": "550 5.1.1 <alice>: no"}
_SOFT = {"action": "failed", "status": "4.4.7", "said": "expired"}


@pytest.fixture
def settings(settings_with):
    return settings_with(KWIP_MAIL_BOUNCES="bounces@kwip.example.org")


@pytest.fixture
def sender(kwip, alice, rings, mailbox):
    """Return a function that mails Alice; gives the sender on the envelope."""

    def sender():
        kwip.services.password_reset.request("alice@example.org", None)
        rings.run()
        return mailbox.senders[-1]

    return sender


@pytest.fixture
def take(kwip):
    """Return a function that hands over a report."""

    def take(sender, text=_REPORT, to="", **fields):
        report = text.format(sender=sender, **fields).replace("\n", "\r\n")
        return kwip.services.mails.bounces.take(report.encode(), to)

    return take


@pytest.fixture
def problem(kwip, alice):
    """Return a function that gives what is wrong with Alice's address."""
    return lambda: kwip.stores.credentials.mailbox(alice.id).problem


def test_a_permanent_failure_counts_at_once_and_once(
    kwip, alice, sender, take, problem, mailbox
):
    where = sender()
    local, _, host = where.rpartition("@")
    assert (local.partition("+")[0], host) == ("bounces", "kwip.example.org")
    assert len(local) <= 64
    assert mailbox.messages[-1]["From"] == "no-reply@kwip.example.org"

    # By a server that does not say in the message where it went.
    assert take("kwip@example.org", to=where.upper(), **_HARD) == "off"
    assert problem() == "550 5.1.1 <alice>: no"
    kwip.services.email_address.try_again(alice)
    assert problem() == ""
    assert take(where, **_HARD) == "unknown"

    assert problem() == ""


def test_a_report_about_very_many_is_read_without_their_addresses(
    sender, take, problem, monkeypatch
):
    first, second = sender(), sender()
    read = []
    monkeypatch.setattr(header_parser, "get_address_list", read.append)
    everybody = ", ".join(f"u{n}@example.org" for n in range(9_000))
    report = _REPORT.replace("To: {sender}", f"To: {everybody}\nTo: {{sender}}")
    blocks = "Final-Recipient: rfc822; x@y.example\nAction: delivered\n\n" * 9_000
    long = report.replace("Final-Recipient:", f"{blocks}Final-Recipient:", 1)

    assert take(first, long, **_HARD) == "other"  # what follows is not read
    assert take(second, report, **_HARD) == "off"
    assert sum(map(len, read)) < 5_000


def test_others_count_from_the_third_on(sender, take, problem):
    full = {"action": "failed", "status": "5.2.2", "said": "552 5.2.2 full"}
    assert take(sender(), **_SOFT) == "counted"
    assert take(sender(), **full) == "counted"
    assert problem() == ""

    assert take(sender(), **_SOFT) == "off"
    assert problem() == "4.4.7 expired"


def test_what_is_no_failure_of_the_address_changes_nothing(sender, take, problem):
    where = sender()
    for changed in (
        {"action": "delayed", "status": "4.4.1"},
        {"action": "delivered", "status": "2.0.0"},
        {"status": "5.7.1"},
        {"status": ""},
    ):
        assert take(where, **_HARD | changed) == "other"
    assert take(where, _HOLIDAY) == "other"
    assert take(where, "To: {sender}\n\n") == "other"
    assert take(where, "To: {sender}\nContent-Type: multipart/report\n\n\0") == "other"

    assert problem() == ""


def test_a_sender_that_we_did_not_sign_is_refused(sender, take, problem):
    where = sender()
    name, _, host = where.partition("@")
    wrong = name[:-1] + ("0" if name[-1] != "0" else "1")
    for forged in (
        f"{wrong}@{host}",
        f"bounces@{host}",
        "x",
        "",
        f"+{'0' * 52}@{host}",
    ):
        assert take(forged, **_HARD) == "unsigned"

    assert problem() == ""


def test_what_servers_say_is_shown_on_one_line(sender, take, problem):
    said = "550 no\n \x1b[31m" + "x" * 500
    assert take(sender(), action="failed", status="5.1.1", said=said) == "off"

    assert problem().startswith("5.1.1 550 no [31mxxx")
    assert len(problem()) == 200
    assert problem().isprintable()
