"""Mails are stored first, then sent once by a job, to a real server."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError, RateLimitedError
from kwip.domain.mail.mails import MailKind
from kwip.text.translation import gettext, in_language
from tests.mail_server import parts_of
from tests.servers import settings_in


@pytest.fixture
def pass_time(kwip):
    """Return a function that lets time pass for stored mails."""

    def pass_time(**duration):
        names = ("created_at", "due_at", "leased_until")
        past = {
            name: {
                "$dateSubtract": {
                    "startDate": f"${name}",
                    "unit": "second",
                    "amount": round(timedelta(**duration).total_seconds()),
                }
            }
            for name in names
        }
        kwip.store.database["mails"].update_many({}, [{"$set": past}])

    return pass_time


@pytest.fixture
def reset(kwip, alice, rings, mailbox, link_in):
    """Return a function that asks for a link for Alice; gives it."""

    def reset():
        kwip.services.password_reset.request("Alice@example.org", "192.0.2.1")
        rings.run()
        return link_in(mailbox.messages[-1])

    return reset


def test_a_mail_is_in_the_language_and_the_time_zone_of_its_recipient(
    kwip, alice, rings, mailbox
):
    mails = kwip.services.mails
    change = ProfileChange(language="de", time_zone="Asia/Kathmandu")
    kwip.services.users.update_profile(alice, change)
    details = {"agent": "Firefox/1 Linux", "address": "192.0.2.1"}
    mail = mails.draft(MailKind.NEW_LOGIN, alice.id, "a@example.org", details)
    mails.post(mail)
    rings.run()

    [message] = mailbox.messages
    text, html = parts_of(message)
    here = mail.created_at.astimezone(timezone(timedelta(hours=5, minutes=45)))
    with in_language("de"):
        assert message["Subject"] == gettext("New login to your account")
        browser = gettext(
            "%(browser)s on %(system)s", browser="Firefox", system="Linux"
        )
    assert f"{here.year}, {here:%H}:" in text
    assert browser in text
    assert 'lang="de"' in html


def test_a_mail_is_sent_once_with_both_parts_and_nothing_secret_is_stored_or_logged(
    kwip, reset, mailbox, mongodb, quiet_log
):
    link = reset()
    kwip.services.mails.send(link[:32])
    kwip.sweeper.sweep()

    [message] = mailbox.messages
    assert message["To"] == "alice@example.org"
    assert message["From"] == "no-reply@kwip.example.org"
    assert message["Subject"] == "Reset your password"
    assert message["Message-ID"].endswith("@kwip.example.org>")
    text, html = parts_of(message)
    for part in (text, html):
        assert f"https://kwip.example.org/password/reset?link={link}" in part
        assert "@alice on kwip.example.org" in part
    assert "<" not in text
    assert mailbox.logins == [(b"kwip", b"se/cret")]
    secret = link[32:]
    assert secret not in str(list(mongodb["mails"].find()))
    assert secret not in str(quiet_log)
    assert "mail_sent" in [line["event"] for line in quiet_log]


def test_a_link_sets_the_password_once_and_ends_all_sessions_and_tokens(
    kwip, alice, reset, mailbox, rings
):
    services = kwip.services
    session = services.authentication.begin_session(alice.id, "alice", "a browser")
    token = services.authentication.create_token(alice, "an app", frozenset({"read"}))
    older, link = reset(), reset()
    with pytest.raises(InvalidError):
        services.password_reset.complete(link, "short")

    services.password_reset.complete(link, "a new password")

    rings.run()
    assert services.authentication.prove("alice", "a new password").user_id == alice.id
    assert services.authentication.confirm(session) is None
    assert token is not None
    assert services.authentication.tokens(alice) == []
    assert mailbox.messages[-1]["Subject"] == "Your password was changed"
    for used in (link, older, link[:-1] + "0", "nonsense", ""):
        with pytest.raises(NotFoundError):
            services.password_reset.complete(used, "another password")


def test_a_link_works_for_half_an_hour(kwip, reset, pass_time):
    link = reset()
    pass_time(minutes=29)
    assert kwip.services.password_reset.owner_of(link) == "alice"

    pass_time(minutes=1)
    with pytest.raises(NotFoundError):
        kwip.services.password_reset.owner_of(link)


def test_a_request_does_the_same_whether_the_address_has_an_account(
    kwip, alice, rings, commands, mailbox, mongodb
):
    asked = []
    for email in ("alice@example.org", "nobody@example.org"):
        begun = len(commands)
        kwip.services.password_reset.request(email, "192.0.2.1")
        asked.append(commands.names[begun:])
    rings.run()

    assert asked[0] == asked[1]
    assert [m["To"] for m in mailbox.messages] == ["alice@example.org"]
    assert mongodb["mails"].count_documents({}) == 1


def test_temporary_failures_are_retried_and_permanent_ones_are_dead_letters(
    kwip, alice, rings, mailbox, pass_time, mongodb
):
    mailbox.answers = ["451 try later", "", "550 5.1.1 no such user"]
    mailbox.data_answers = ["452 full"]
    kwip.services.password_reset.request("alice@example.org", "192.0.2.1")
    for _ in range(2):
        rings.run()
        assert mongodb["mails"].find_one()["state"] == "pending"
        pass_time(seconds=30)
        kwip.sweeper.sweep()
    rings.run()

    [dead] = kwip.services.mails.store.listed(is_dead=True, limit=9)
    assert (dead.attempts, dead.problem) == (3, "550 5.1.1 no such user")
    assert kwip.services.email_address.mailbox(alice).problem == dead.problem
    assert mailbox.messages == []
    kwip.services.mails.store.retry(at(kwip.sweeper.clock()))
    kwip.sweeper.sweep()
    rings.run()
    assert len(mailbox.messages) == 1


def test_a_mail_is_given_up_with_its_link(kwip, alice, rings, mailbox, pass_time):
    kwip.services.password_reset.request("alice@example.org", "192.0.2.1")
    pass_time(minutes=30)
    rings.run()

    [dead] = kwip.services.mails.store.listed(is_dead=True, limit=9)
    assert dead.kind == MailKind.PASSWORD_RESET
    assert dead.problem == "the link has expired"
    assert mailbox.messages == []


class TestLimits:
    @pytest.fixture
    def settings(self, tmp_path):
        return settings_in(tmp_path / "home", KWIP_QUOTA_RESET="2")

    def test_links_are_limited_for_each_sender_and_each_address(self, kwip):
        request = kwip.services.password_reset.request
        request("a@example.org", "192.0.2.1")
        request("a@example.org", "192.0.2.2")
        with pytest.raises(RateLimitedError):
            request("A@example.org", "192.0.2.3")
        request("b@example.org", "192.0.2.1")
        with pytest.raises(RateLimitedError):
            request("c@example.org", "192.0.2.1")

    @pytest.mark.usefixtures("alice")
    def test_without_a_server_messages_are_files_that_only_the_owner_can_read(
        self, kwip, rings, settings
    ):
        kwip.services.password_reset.request("alice@example.org", "192.0.2.1")
        rings.run()

        [file] = (settings.home / "mail").iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        assert b"Subject: Reset your password" in file.read_bytes()
