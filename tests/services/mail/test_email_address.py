"""Addresses are confirmed by a link, changed by one, and changed back by one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.accounts.two_factor import Passkey, Proof
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
)
from kwip.services.accounts.sign_in import Applicant
from kwip.text.emails import read_email
from tests.mail_server import parts_of
from tests.wired import form_of

BROWSER = Applicant(address="192.0.2.1", agent="Mozilla/5.0 (X11; Linux) Firefox/140.0")


def add_passkey(kwip, viewer, name, added_at):
    new = Passkey(id=name, public_key="b", sign_count=0, name=name, added_at=added_at)

    def decide(state):
        return replace(state, mark=name, passkeys=(*state.passkeys, new)), None

    kwip.services.two_factor.second_factor.store.change(viewer.id, decide)


@pytest.fixture
def emails(kwip):
    return kwip.services.email_address


def owner(kwip, email):
    found = kwip.stores.users.credentials_of(read_email(email))
    return found and found.username


def test_a_changed_address_needs_its_link_and_the_old_one_can_undo_it(
    kwip, alice, emails, rings, mailbox, link_in
):
    session = kwip.services.authentication.begin_session(alice.id, "alice", "a browser")
    emails.change(alice, Proof(password="correct horse"), "New@example.net")
    rings.run()
    assert owner(kwip, "alice@example.org") == "alice"
    [asked] = mailbox.messages
    assert asked["To"] == "New@example.net"
    link = link_in(asked)
    assert emails.confirm(link) == "New@example.net"
    rings.run()

    assert owner(kwip, "alice@example.org") is None
    assert owner(kwip, "new@example.net") == "alice"
    assert emails.mailbox(alice).confirmed_at is not None
    with pytest.raises(NotFoundError):
        emails.confirm(link)
    notice = mailbox.messages[-1]
    assert notice["To"] == "alice@example.org"
    assert "New@example.net" in parts_of(notice)[0]
    assert kwip.services.authentication.confirm(session) is not None
    kwip.services.password_reset.request("new@example.net", None)
    rings.run()
    stolen = link_in(mailbox.messages[-1])
    assert emails.undo(link_in(notice)) == "alice@example.org"
    assert owner(kwip, "alice@example.org") == "alice"
    assert owner(kwip, "new@example.net") is None
    assert kwip.services.authentication.confirm(session) is None
    with pytest.raises(NotAuthenticatedError):
        kwip.services.authentication.prove("alice", "correct horse")
    with pytest.raises(NotFoundError):
        kwip.services.password_reset.owner_of(stolen)


def test_who_changes_an_address_twice_does_not_end_the_owners_link(
    kwip, alice, emails, rings, mailbox, link_in
):
    notices = []
    for email in ("b@example.net", "c@example.net"):
        emails.change(alice, Proof(password="correct horse"), email)
        rings.run()
        emails.confirm(link_in(mailbox.messages[-1]))
        rings.run()
        notices.append(link_in(mailbox.messages[-1]))
    first, second = notices
    # Nor who signs up with it.
    with pytest.raises(InvalidError) as refused:
        kwip.services.users.sign_up(
            replace(form_of("thief"), email="alice@example.org")
        )
    assert list(refused.value.fields) == ["email"]
    assert emails.undo(second) == "b@example.net"

    assert emails.undo(first) == "alice@example.org"
    with pytest.raises(NotFoundError):
        emails.undo(second)


def test_another_address_needs_the_password(alice, emails):
    with pytest.raises(InvalidError) as refused:
        emails.change(alice, Proof(password="wrong password"), "New@example.net")

    assert list(refused.value.fields) == ["password"]


def test_that_an_address_is_taken_is_only_said_to_who_reads_its_mail(
    kwip, alice, bob, emails, rings, mailbox, link_in
):
    emails.change(alice, Proof(password="correct horse"), "bob@example.org")
    rings.run()

    with pytest.raises(ConflictError):
        emails.confirm(link_in(mailbox.messages[-1]))
    kwip.services.email_domains.block("bob@example.org", BY_KWIP)
    with pytest.raises(ForbiddenError):
        emails.confirm(link_in(mailbox.messages[-1]))
    assert owner(kwip, "bob@example.org") == "bob"
    assert owner(kwip, "alice@example.org") == "alice"


def test_only_a_browser_that_is_new_to_the_account_is_reported_and_not_to_a_bounce(
    kwip, alice, emails, rings, mailbox
):
    sign_in = kwip.services.sign_in.sign_in
    admitted = sign_in("alice", "correct horse", BROWSER)
    rings.run()
    known = Applicant(address=None, agent="", known_names=admitted.names)
    sign_in("alice", "correct horse", known)
    with pytest.raises(NotAuthenticatedError):
        sign_in("alice", "wrong password", BROWSER)
    kwip.stores.credentials.note_problem(alice.id, "alice@example.org", "550 no")
    sign_in("alice", "correct horse", BROWSER)
    rings.run()

    [message] = mailbox.messages
    assert message["Subject"] == "New login to your account"
    assert "Firefox on Linux" in parts_of(message)[0]
    assert "192.0.2.1" in parts_of(message)[0]


def test_whoever_signs_up_gets_a_link_from_the_site_by_its_name(
    kwip, emails, rings, mailbox, link_in
):
    kwip.services.site.change({"name": "Bakers"}, BY_KWIP)
    kwip.services.sign_in.sign_up(form_of("dave"), BROWSER)
    rings.run()

    [message] = mailbox.messages
    assert "the address of @dave on Bakers." in parts_of(message)[0]
    # It may have been blocked meanwhile.
    kwip.services.email_domains.block("example.org", BY_KWIP)
    with pytest.raises(ForbiddenError):
        emails.confirm(link_in(message))
    kwip.services.email_domains.unblock("example.org", BY_KWIP)
    assert emails.confirm(link_in(message)) == "dave@example.org"


class TestRequired:
    @pytest.fixture
    def settings(self, settings_with):
        return settings_with(KWIP_CONFIRM_EMAIL="1")

    def test_who_signs_up_may_post_after_opening_the_link(
        self, kwip, emails, rings, mailbox, link_in
    ):
        admitted = kwip.services.sign_in.sign_up(form_of("dave"), BROWSER)
        rings.run()
        dave = kwip.services.authentication.confirm(admitted.credential)
        with pytest.raises(ForbiddenError):
            emails.require_confirmed(dave)

        assert emails.ask_again(dave) == "dave@example.org"
        rings.run()
        first, second = map(link_in, mailbox.messages)
        emails.confirm(second)

        emails.require_confirmed(dave)
        assert emails.ask_again(dave) == ""
        with pytest.raises(NotFoundError):
            emails.confirm(first)


def test_another_address_needs_the_second_factor_where_there_is_one(
    kwip, alice, emails
):
    add_passkey(kwip, alice, "mine", at(system_clock_ms()))

    with pytest.raises(InvalidError) as refused:
        emails.change(alice, Proof(password="correct horse"), "New@example.net")
    assert list(refused.value.fields) == ["code"]


def test_taking_an_account_back_removes_passkeys_that_a_thief_added(
    kwip, alice, emails, rings, mailbox, link_in
):
    emails.change(alice, Proof(password="correct horse"), "new@example.net")
    now = at(system_clock_ms())
    # A thief may add one first, or before following the link.
    days = {"old": 2, "earlier": 0.5, "meanwhile": 0}
    added = {name: now - dt.timedelta(days) for name, days in days.items()}
    for name, added_at in added.items():
        add_passkey(kwip, alice, name, added_at)
    rings.run()
    emails.confirm(link_in(mailbox.messages[-1]))
    rings.run()
    add_passkey(kwip, alice, "later", at(system_clock_ms()))
    emails.undo(link_in(mailbox.messages[-1]))

    left = kwip.services.two_factor.get(alice).passkeys
    assert [each.name for each in left] == ["old"]
