"""Notifications on devices: what is told, to whom, once, and no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import first_id_at
from kwip.domain.mail.preferences import MailPreferences
from kwip.domain.push import PushPolicy
from kwip.domain.timelines.notifications import EVERY_KIND
from kwip.domain.timelines.notifications import NotificationKind as Kind
from kwip.services.push.pushing import LEASE
from kwip.services.push.subscriptions import AppOptions
from kwip.store.maintenance.deletion import DeletionStore
from tests.push_service import claims_of


@pytest.fixture
def browser(kwip, alice, push):
    """Return a device that Alice has in a session; `viewer` is her there."""
    access = kwip.services.authentication
    begun = access.begin_session(alice.id, alice.username, "Firefox")
    device = push.device()
    device.viewer = replace(alice, digest=begun.id.digest)
    kwip.services.push_subscriptions.subscribe(device.viewer, device.target())
    return device


@pytest.fixture
def app(kwip, alice, push):
    """Return a function that subscribes an app of Alice's."""

    def app(kinds=EVERY_KIND, policy=PushPolicy.ALL, *, is_standard=True):
        info, token = kwip.services.authentication.create_token(
            alice, "app", frozenset({"read", "push"})
        )
        device = push.device()
        device.viewer, device.token = replace(alice, digest=info.id), token
        kwip.services.push_subscriptions.subscribe(
            device.viewer,
            device.target(is_standard=is_standard),
            AppOptions(kinds=frozenset(kinds), policy=policy, token=token),
        )
        return device

    return app


@pytest.fixture
def pass_time(kwip, rings, mongodb, monkeypatch):
    """Return a function that lets time pass for devices that are due then."""
    ahead = [0]
    pushing = kwip.services.pushing
    clock = pushing.clock

    def pass_time(time):
        ahead[0] += round(time.total_seconds() * 1_000)
        object.__setattr__(pushing, "clock", lambda: clock() + ahead[0])
        due = mongodb["push_subscriptions"].find(
            {"due_at": {"$lte": at(pushing.clock())}}
        )
        for document in due:
            kwip.services.pushing.settle(document["_id"])
        rings.run()

    return pass_time


def titles(device):
    return [message["title"] for message in device.got]


def test_a_browser_and_apps_are_told_of_a_mention_at_once(
    kwip, alice, bob, browser, app, say
):
    standard, older = app(), app({Kind.MENTION}, is_standard=False)
    post = say(bob, "@alice <b>lunch</b>?")

    for device in (standard, older):
        [message] = device.got
        assert message == {
            "access_token": device.token,
            "preferred_locale": "en",
            "notification_id": message["notification_id"],
            "notification_type": "mention",
            "title": "@bob mentioned you",
            "body": "@alice <b>lunch</b>?",
            "icon": message["icon"],
        }
        assert message["icon"].startswith("https://kwip.example.org/avatars/")
    [message] = browser.got
    assert "access_token" not in message
    assert message["url"] == f"https://kwip.example.org/@bob/{post.id}"
    seen = kwip.services.notifications.get(
        alice, kwip.services.loaders.begin(), int(message["notification_id"])
    )
    assert seen.post.post.id == post.id


def test_a_push_service_learns_who_sends_and_nothing_else(
    kwip, bob, browser, app, say, mongodb
):
    older = app(is_standard=False)
    say(bob, "@alice secret")
    key = kwip.services.push_subscriptions.public_key

    [headers] = browser.headers
    scheme, _, rest = headers["Authorization"].partition(" ")
    token, _, named = rest.removeprefix("t=").partition(", k=")
    assert (scheme, named) == ("vapid", key)
    claims = claims_of(token, key)
    assert claims["aud"] == browser.endpoint.rpartition("/")[0]
    assert claims["sub"] == "https://kwip.example.org"
    assert 0 < claims["exp"] - kwip.sweeper.clock() / 1_000 <= 24 * 3_600
    assert 172_000 < int(headers["TTL"]) <= 172_800
    assert headers["Topic"] == browser.got[0]["notification_id"]
    [headers] = older.headers
    assert claims_of(headers["Authorization"].removeprefix("WebPush "), key)
    assert f"p256ecdsa={key}" in headers["Crypto-Key"]
    assert older.token.partition(".")[2] not in str(
        list(mongodb["push_subscriptions"].find())
    )


def test_devices_are_told_what_was_chosen_for_them(
    kwip, alice, bob, carol, browser, app, say
):
    kwip.services.relationships.follow(alice, bob.id)
    kwip.services.relationships.follow(carol, alice.id)
    followed, follower = (
        app(policy=PushPolicy.FOLLOWED),
        app(policy=PushPolicy.FOLLOWER),
    )
    nothing, only = app(policy=PushPolicy.NONE), app({Kind.FAVOURITE})
    post = say(alice, "hello")
    for author in (bob, carol):
        say(author, "@alice hello")
    # Sent with the next one, when something else was chosen.
    kwip.services.reactions.favourite(carol, post.id)
    kwip.services.notification_mail.choose(
        alice, MailPreferences(push_kinds=frozenset({Kind.FAVOURITE}))
    )
    say(carol, "@alice again")

    assert titles(browser) == [
        "@carol followed you",
        "@bob mentioned you",
        "@carol mentioned you",
        "@carol favourited your kwip",
    ]
    assert set(titles(followed)) == {"@bob mentioned you"}
    assert titles(follower)[0] == "@carol mentioned you"
    assert "@bob mentioned you" not in titles(follower)
    assert (titles(nothing), titles(only)) == ([], ["@carol favourited your kwip"])
    kwip.services.push_subscriptions.choose(
        nothing.viewer, {Kind.MENTION}, PushPolicy.ALL
    )
    say(bob, "@alice now")
    assert nothing.got[-1]["body"] == "@alice now"


def test_nothing_is_told_of_who_is_hidden_or_what_was_seen_or_deleted(
    kwip, alice, bob, carol, new_user, browser, say, push, rings
):
    dave, erin = new_user("dave"), new_user("erin")
    sent = kwip.services.pushing
    sources = {}

    def held(job, job_id):
        sources[job_id] = job
        return True

    object.__setattr__(kwip.services.notifier.devices, "enqueue", held)
    texts = {
        each: say(each, f"@alice from {each.username}") for each in (bob, carol, dave)
    }
    say(erin, "@alice seen")
    kwip.services.relationships.mute(alice, bob.id)
    kwip.services.moderation.suspend(carol.id)
    kwip.services.posts.delete(dave, texts[dave].id)
    [device_id] = sources
    kwip.services.markers.see(
        alice, "notifications", first_id_at(kwip.sweeper.clock() + 1)
    )

    assert sent.settle(device_id) == "nothing"
    assert push.asked == 0


def test_a_session_that_ends_takes_its_subscription_along(
    kwip, alice, bob, browser, app, say, push, mongodb
):
    device = app()
    kwip.services.authentication.sign_out(browser.viewer)
    kwip.services.authentication.revoke_token(alice, device.viewer.digest)
    say(bob, "@alice hello")

    assert push.asked == 0
    assert mongodb["push_subscriptions"].count_documents({}) == 0
    with pytest.raises(NotFoundError):
        kwip.services.push_subscriptions.get(device.viewer)


def test_a_suspended_or_deleted_user_is_told_nothing(
    kwip, alice, bob, browser, say, push, mongodb, pass_time
):
    say(bob, "hello")
    kwip.services.moderation.suspend(alice.id)
    say(bob, "@alice hello")
    pass_time(LEASE)
    assert push.asked == 0

    DeletionStore(kwip.store).forget(alice.id)

    assert mongodb["push_subscriptions"].count_documents({}) == 0


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten(browser, bob, say, push, mongodb, status):
    push.answers = [(status, {})]
    say(bob, "@alice hello")
    say(bob, "@alice again")

    assert push.asked == 1
    assert mongodb["push_subscriptions"].count_documents({}) == 0


def test_a_push_service_that_is_busy_is_asked_again_when_it_said(
    browser, bob, say, push, mongodb, pass_time
):
    push.answers = [(429, {"Retry-After": "120"}), (503, {}), (413, {})]
    say(bob, "@alice hello")
    say(bob, "@alice again")
    assert push.asked == 1
    pass_time(timedelta(seconds=119))
    assert push.asked == 1
    pass_time(timedelta(seconds=2))
    assert push.asked == 2
    found = mongodb["push_subscriptions"].find_one()
    assert (found["attempts"], found["problem"]) == (2, "503")

    pass_time(timedelta(seconds=30))
    pass_time(timedelta(hours=1))

    # The first is too large for it, and not tried again.
    assert [message["body"] for message in browser.got] == ["@alice again"]
    assert push.asked == 4
    assert mongodb["push_subscriptions"].find_one()["attempts"] == 0


def test_old_news_is_left_out_and_a_device_given_up_after_a_week(
    browser, bob, say, push, mongodb, pass_time
):
    push.answers = [(500, {})] * 2
    say(bob, "@alice hello")
    pass_time(timedelta(days=3))
    assert push.asked == 1
    devices = mongodb["push_subscriptions"]
    assert devices.find_one()["attempts"] == 0

    since = devices.find_one()["failing_since"] - timedelta(days=8)
    again = {"failing_since": since, "leased_until": since, "above": 0}
    devices.update_one({}, {"$set": again})
    pass_time(timedelta(days=-3))
    say(bob, "@alice again")

    assert push.asked == 2
    assert devices.count_documents({}) == 0


def test_who_subscribes_again_is_told_once(kwip, alice, bob, browser, app, say, push):
    kwip.services.push_subscriptions.subscribe(browser.viewer, browser.target())
    begun = kwip.services.authentication.begin_session(bob.id, "bob", "Firefox")
    say(bob, "@alice hello")
    assert len(browser.got) == 1

    # Bob uses her browser now, and she did not log out.
    kwip.services.push_subscriptions.subscribe(
        replace(bob, digest=begun.id.digest), browser.target()
    )
    say(bob, "@alice again")

    assert len(browser.got) == 1


def test_devices_at_other_addresses_and_with_other_keys_are_refused(
    kwip, alice, browser
):
    good = browser.target()
    for changed, field in (
        ({"endpoint": "http://push.example/1"}, "endpoint"),
        ({"endpoint": "https://push.example:22/1"}, "endpoint"),
        ({"endpoint": "ftp://push.example/1"}, "endpoint"),
        ({"endpoint": f"https://push.example/{'x' * 2_000}"}, "endpoint"),
        ({"endpoint": ""}, "endpoint"),
        ({"p256dh": "AAAA"}, "keys"),
        ({"auth": "AAAA"}, "keys"),
    ):
        with pytest.raises(InvalidError) as refused:
            kwip.services.push_subscriptions.subscribe(alice, replace(good, **changed))
        assert set(refused.value.fields) == {field}
