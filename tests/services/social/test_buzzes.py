"""Buzzing people who are silent, and inviting people into conversations."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
)
from kwip.domain.mail.preferences import Frequency, MailPreferences
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.social.nudges import LIMITS, NudgeKind
from kwip.domain.social.relationships import MuteTerms
from kwip.domain.timelines.notifications import NotificationKind
from kwip.domain.timelines.pages import PageRequest

BUZZ, INVITATION = NotificationKind.BUZZ, NotificationKind.INVITATION
DAY_MS = 86_400_000


@pytest.fixture
def later(kwip):
    """Return a function that lets days pass, for nudges."""

    def later(days):
        now_ms = kwip.services.buzzes.clock() + days * DAY_MS
        for service in (kwip.services.buzzes, kwip.services.nudging):
            object.__setattr__(service, "clock", lambda: now_ms)

    return later


@pytest.fixture
def say(kwip):
    """Return a function that publishes a text."""

    def say(viewer, text="Rye", **fields):
        return kwip.services.posts.publish(viewer.id, Draft(text=text, **fields))

    return say


@pytest.fixture
def once_a_day(monkeypatch):
    """Return a function that allows one nudge of a kind in a day."""

    def once_a_day(kind):
        monkeypatch.setitem(LIMITS, kind, LIMITS[kind]._replace(a_day=1))

    return once_a_day


def told(kwip, viewer):
    page = kwip.services.notifications.page(
        viewer, kwip.services.loaders.begin(), PageRequest()
    )
    wanted = (BUZZ, INVITATION)
    return [(v.kind, v.actor.username) for v in page.items if v.kind in wanted]


def test_somebody_who_is_silent_is_told_once_a_week_that_a_follower_misses_them(
    kwip, alice, bob, say, later
):
    buzz = kwip.services.buzzes.buzz
    with pytest.raises(InvalidError, match="follow"):
        buzz(alice, bob.id)
    kwip.services.relationships.follow(alice, bob.id)
    with pytest.raises(ConflictError):  # bob has just signed up
        buzz(alice, bob.id)
    later(6)
    say(bob)
    with pytest.raises(ConflictError, match="posted"):
        buzz(alice, bob.id)
    later(2)
    say(bob, "@alice secret", visibility=Visibility.DIRECT)
    buzz(alice, bob.id)
    assert told(kwip, bob) == [(BUZZ, "alice")]
    later(6)
    with pytest.raises(ConflictError, match="this week"):
        buzz(alice, bob.id)
    later(1)
    buzz(alice, bob.id)

    assert told(kwip, bob) == [(BUZZ, "alice")]
    assert kwip.store.database["nudges"].count_documents({}) == 1


def test_nobody_is_buzzed_who_does_not_want_it_or_has_muted_or_blocked(
    kwip, alice, bob, carol, later, new_user, once_a_day
):
    services = kwip.services
    for one in (bob, carol):
        services.relationships.follow(alice, one.id)
    later(30)
    services.users.update_profile(bob, ProfileChange(accepts_buzzes=False))
    with pytest.raises(InvalidError, match="want"):
        services.buzzes.buzz(alice, bob.id)
    services.relationships.mute(carol, alice.id, MuteTerms())
    services.buzzes.buzz(alice, carol.id)  # and learns nothing
    services.relationships.block(bob, alice.id)
    with pytest.raises(InvalidError, match="follow"):
        services.buzzes.buzz(alice, bob.id)

    assert told(kwip, bob) == told(kwip, carol) == []
    once_a_day(NudgeKind.BUZZ)
    dave = new_user("dave")
    services.relationships.follow(alice, dave.id)
    with pytest.raises(RateLimitedError):
        services.buzzes.buzz(alice, dave.id)


def test_a_buzz_is_mailed_to_who_wants_that(kwip, rings, alice, bob, later):
    mail = kwip.services.notification_mail
    kwip.store.database["credentials"].update_one(
        {"_id": bob.id}, {"$set": {"email_confirmed_at": dt.datetime.now(dt.UTC)}}
    )
    wanted = MailPreferences(kinds=frozenset({BUZZ}), frequency=Frequency.SOON)
    mail.choose(bob, wanted)
    kwip.services.relationships.follow(alice, bob.id)
    later(8)
    kwip.services.buzzes.buzz(alice, bob.id)

    assert mail.settle(bob.id) == "done"
    details = kwip.store.database["mails"].find_one({"kind": "notifications"})
    letter = mail.digests.letter(bob.id, "bob", details["details"])
    assert [item.said for item in letter.items] == ["@alice misses you"]


def test_an_invitation_leads_to_what_its_guest_may_see_once(
    kwip, alice, bob, carol, say, later
):
    invite = kwip.services.conversation_invites.invite
    root = say(bob, "Root")
    reply = say(carol, "Reply", in_reply_to_id=root.id)
    invite(alice, reply.id, " @Carol ")
    page = kwip.services.notifications.page(
        carol, kwip.services.loaders.begin(), PageRequest()
    )
    view = next(v for v in page.items if v.kind is INVITATION)

    assert (view.actor.username, view.post.post.text) == ("alice", "Reply")
    for post in (root, reply):
        with pytest.raises(ConflictError):
            invite(alice, post.id, "carol")
    invite(bob, root.id, "carol")
    assert told(kwip, carol) == [(INVITATION, "bob"), (INVITATION, "alice")]
    kwip.services.posts.delete(carol, reply.id)
    assert told(kwip, carol) == [(INVITATION, "bob")]


def test_nobody_is_invited_to_what_they_may_not_see(
    kwip, alice, bob, carol, say, once_a_day
):
    services = kwip.services
    invite = services.conversation_invites.invite
    services.relationships.follow(alice, bob.id)
    followers = say(bob, "For followers", visibility=Visibility.FOLLOWERS)
    direct = say(bob, "@alice secret", visibility=Visibility.DIRECT)
    public = say(bob, "For all")
    with pytest.raises(InvalidError, match="see"):
        invite(alice, followers.id, "carol")
    with pytest.raises(ForbiddenError):
        invite(alice, direct.id, "carol")
    with pytest.raises(NotFoundError):
        invite(carol, followers.id, "alice")
    for name in ("nobody", "", "alice"):
        with pytest.raises(InvalidError):
            invite(alice, public.id, name)
    services.conversations.mute(carol, public.id)
    invite(alice, public.id, "carol")  # and learns nothing
    other = say(bob, "Another")
    services.relationships.block(carol, bob.id)
    with pytest.raises(InvalidError, match="see"):
        invite(alice, other.id, "carol")
    services.relationships.unblock(carol, bob.id)
    services.relationships.block(carol, alice.id)
    with pytest.raises(InvalidError, match="see"):
        invite(alice, other.id, "carol")
    once_a_day(NudgeKind.INVITATION)
    services.relationships.unblock(carol, alice.id)
    with pytest.raises(RateLimitedError):
        invite(alice, other.id, "carol")

    assert told(kwip, carol) == []


def test_two_buzzes_at_once_are_one(kwip, alice, bob, later):
    kwip.services.relationships.follow(alice, bob.id)
    later(8)

    def buzz(_):
        try:
            kwip.services.buzzes.buzz(alice, bob.id)
        except ConflictError:
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(buzz, range(6))) == 1
