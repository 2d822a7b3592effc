"""Notifications by mail: those that were chosen, when they are due, and unseen."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.two_factor import Proof
from kwip.domain.clock import at
from kwip.domain.errors import NotFoundError
from kwip.domain.ids import first_id_at
from kwip.domain.mail.preferences import Frequency, MailPreferences
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.notifications import NotificationKind as Kind
from kwip.store.mail.preferences import MailPreferenceStore
from kwip.store.maintenance.deletion import DeletionStore
from tests.mail_server import parts_of


@pytest.fixture
def say(kwip, rings):
    """Return a function that publishes and delivers."""

    def say(author, text, **fields):
        post = kwip.services.posts.publish(author.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say


@pytest.fixture
def wish(kwip, alice):
    """Return a function by which Alice chooses kinds; her address is confirmed."""

    def wish(*kinds, frequency=Frequency.DAY):
        kwip.services.email_address.confirm_by_operator(alice.id)
        wanted = MailPreferences(kinds=frozenset(kinds), frequency=frequency)
        kwip.services.notification_mail.choose(alice, wanted)

    return wish


@pytest.fixture
def pass_day(kwip, rings, mongodb):
    """Return a function that lets a day pass for whoever waits for mail."""

    def pass_day():
        past = {"$set": {"due_at": at(kwip.sweeper.clock() - 1)}}
        mongodb["mail_preferences"].update_many({"due_at": {"$ne": None}}, past)
        kwip.sweeper.sweep()
        rings.run()

    return pass_day


def test_a_choice_that_meets_a_mail_does_not_let_it_be_sent_again(
    kwip, alice, bob, say, wish, pass_day, mailbox, monkeypatch
):
    wish(Kind.MENTION)
    say(bob, "@alice hello")
    find = MailPreferenceStore.find

    def found_and_then_mailed(store, user_id):
        found = find(store, user_id)
        monkeypatch.setattr(MailPreferenceStore, "find", find)
        pass_day()
        return found

    monkeypatch.setattr(MailPreferenceStore, "find", found_and_then_mailed)
    wish(Kind.MENTION, Kind.FOLLOW)
    assert len(mailbox.messages) == 1

    pass_day()

    assert len(mailbox.messages) == 1


def test_a_digest_has_what_was_chosen_once_and_only_if_there_is_something(
    kwip, alice, bob, carol, say, wish, pass_day, mailbox
):
    say(bob, "@alice too early")
    wish(Kind.MENTION, Kind.FOLLOW)
    pass_day()
    assert mailbox.messages == []

    say(bob, "@alice <b>lunch</b>?")
    say(bob, "@alice between us", visibility=Visibility.FOLLOWERS)
    kwip.services.relationships.follow(carol, alice.id)
    post = say(alice, "hello")
    kwip.services.reactions.favourite(bob, post.id)
    pass_day()
    pass_day()

    [message] = mailbox.messages
    assert message["To"] == "alice@example.org"
    assert message["Subject"] == "3 new notifications on kwip.example.org"
    text, html = parts_of(message)
    assert "@bob mentioned you: @alice <b>lunch</b>?" in text
    assert "@alice &lt;b&gt;lunch&lt;/b&gt;?" in html
    assert "@carol followed you" in text
    for left_out in ("favourited", "between us", "too early"):
        assert left_out not in text


def test_nothing_is_mailed_of_who_is_muted_or_suspended_or_was_seen(
    kwip, alice, bob, carol, say, wish, pass_day, mailbox
):
    wish(Kind.MENTION)
    for author in (bob, carol):
        say(author, "@alice hello")
    kwip.services.relationships.mute(alice, bob.id)
    kwip.services.moderation.suspend(carol.id)
    pass_day()
    kwip.services.moderation.unsuspend(carol.id)
    unread = kwip.stores.notifications.unread([alice.id])[alice.id]
    assert len(unread.actor_ids) == 2
    kwip.services.markers.see(alice, "notifications", first_id_at(kwip.sweeper.clock()))
    pass_day()

    assert mailbox.messages == []


def test_one_click_ends_it_without_a_login(
    kwip, alice, bob, say, wish, pass_day, mailbox, mongodb
):
    wish(Kind.MENTION, frequency=Frequency.SOON)
    say(bob, "@alice hello")
    pass_day()
    [message] = mailbox.messages
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message["List-Unsubscribe"].strip("<>")
    key = address.removeprefix("https://kwip.example.org/email/unsubscribe?key=")
    # As it was sent: on one line, and not encoded as words.
    assert dict(message.raw_items())["List-Unsubscribe"] == f"<{address}>"

    for wrong in (key[:-1] + "x", f"{bob.id}.{key.partition('.')[2]}", "", "x"):
        with pytest.raises(NotFoundError):
            kwip.services.notification_mail.unsubscribe(wrong)
    # Also what waits, as for a server that was down.
    say(bob, "@alice and")
    kwip.services.notification_mail.settle(alice.id)
    assert mongodb["mails"].count_documents({"kind": "notifications"}) == 2
    kwip.services.notification_mail.unsubscribe(key)
    kwip.services.notification_mail.unsubscribe(key)
    say(bob, "@alice again")
    pass_day()

    assert len(mailbox.messages) == 1
    assert kwip.services.notification_mail.chosen(alice).kinds == frozenset()


def test_an_address_that_is_not_confirmed_or_bounced_gets_none(
    kwip, alice, bob, say, wish, pass_day, mailbox, mongodb
):
    wish(Kind.MENTION)
    mongodb["credentials"].update_one(
        {"_id": alice.id}, {"$set": {"email_confirmed_at": None}}
    )
    say(bob, "@alice hello")
    pass_day()
    kwip.services.email_address.confirm_by_operator(alice.id)
    kwip.stores.credentials.note_problem(alice.id, "alice@example.org", "550 no")
    pass_day()

    assert mailbox.messages == []


def test_a_deleted_user_leaves_no_mail_and_no_choice(kwip, alice, wish, mongodb):
    wish(Kind.MENTION)
    kwip.services.email_address.change(
        alice, Proof(password="correct horse"), "new@example.org"
    )
    DeletionStore(kwip.store).forget(alice.id)

    assert mongodb["mails"].count_documents({}) == 0
    assert mongodb["mail_preferences"].count_documents({}) == 0
