"""A worker that dies while it sends a mail: another one sends it, once."""

from __future__ import annotations

import pytest

from kwip.jobs.registry import jobs
from kwip.services.mail.mails import LEASE
from tests.frozen import swap
from tests.jobs.steps import KilledError
from tests.mail_server import mailbox, one_server
from tests.servers import settings_in
from tests.wired import sign_up

__all__ = ["mailbox", "one_server"]


@pytest.fixture
def settings(tmp_path, mailbox):
    return settings_in(tmp_path / "home", KWIP_SMTP_URI=mailbox.uri)


@pytest.fixture
def kwip(make_worker, rings):
    wiring = make_worker()
    rings.jobs = jobs(wiring.services)
    sign_up(wiring, "alice")
    return wiring


@pytest.fixture
def send(kwip, rings):
    """Return a function that stores a mail and does `work` with its id."""

    def send(work):
        kwip.services.password_reset.request("alice@example.org", None)
        _, mail_id = rings.waiting.pop()
        return work(mail_id)

    return send


@pytest.fixture
def messages(kwip, rings, clock, mailbox, mongodb):
    """Return a function that lets other workers go on; gives the messages' ids."""

    def messages():
        clock.ahead_ms += round(LEASE.total_seconds() * 1_000) + 1
        kwip.sweeper.sweep()
        rings.run()
        assert [mail["state"] for mail in mongodb["mails"].find()] == ["sent"]
        return [message["Message-ID"] for message in mailbox.messages]

    return messages


def test_a_mail_is_sent_once_wherever_its_worker_dies(
    kwip, steps, send, messages, mailbox, mongodb
):
    step, is_killed = 0, True
    while is_killed:
        mongodb["mails"].delete_many({})
        mailbox.forget()
        is_killed = send(
            lambda mail_id, step=step: steps.kill(
                step, lambda: kwip.services.mails.send(mail_id)
            )
        )
        assert len(messages()) == 1, step
        step += 1

    assert step == 5, steps.names  # leased, addressed, sent


def test_a_mail_is_sent_twice_alike_if_its_worker_dies_after_the_servers_ok(
    kwip, send, messages
):
    mails = kwip.services.mails
    server = mails.transport

    class Dying:
        def send(self, message, sender):
            server.send(message, sender)
            raise KilledError

    swap(mails, transport=Dying())
    with pytest.raises(KilledError):
        send(mails.send)
    swap(mails, transport=server)

    first, second = messages()
    assert first == second
