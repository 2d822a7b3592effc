"""Whoever writes finds it at once, in every process, while it may lag for others."""

from __future__ import annotations

import re

import pytest
from redis import Redis

from kwip import telemetry
from kwip.app import create_app
from kwip.cache import keys
from kwip.wiring import Options, build
from tests.people import sign_in
from tests.servers import wait_until
from tests.thorough import part

#: What shows counts, arriving posts, or the places of conversations; `/api` with a
#: token, the others with a cookie.
_ADDRESSES = [
    "/api/v1/timelines/public",
    "/api/v1/timelines/public?order=active",
    "/api/v1/timelines/tag/fox",
    "/api/v1/timelines/tag/fox?order=active",
    "/api/v1/timelines/home",
    "/api/v1/timelines/home?order=active",
    "/api/v1/accounts/verify_credentials",
    "/api/v1/accounts/{alice}",
    "/api/v1/accounts/{bob}",
    "/api/v1/accounts/{bob}/statuses",
    "/api/v1/statuses/{root}",
    "/api/v1/statuses/{root}/context",
    "/api/v1/favourites",
    "/",
    "/?order=active",
    "/tags/fox",
    "/tags/fox?order=active",
    "/home",
    "/home?order=active",
    "/@alice",
    "/@alice/{root}",
    "/@bob",
    "/@bob?order=active",
    "/@bob/with-replies",
    "/@bob/followers",
]
ADDRESSES = part(_ADDRESSES, of=2)
PACE_MS = 600_000


@pytest.fixture(autouse=True)
def nothing_lags(monkeypatch):
    """Let what may lag do so for longer than any test."""
    monkeypatch.setattr(keys, "COUNT_PACE_MS", PACE_MS)
    monkeypatch.setattr(keys, "ARRIVAL_PACE_MS", PACE_MS)


@pytest.fixture
def other_process(settings, endpoints):
    """Return a function that makes the app of one more web process."""
    made = []

    def make(**fence):
        wiring = build(
            settings, endpoints, role="web", options=Options(enqueue=lambda *_: None)
        )
        made.append(wiring)
        vars(wiring.fence).update(fence)
        return create_app(wiring, settings), wiring

    yield make
    for wiring in made:
        wiring.close()


@pytest.fixture
def truth(other_process):
    """Return an app that never uses the cache."""
    return other_process(lease=lambda: None)[0]


@pytest.fixture
def second(other_process):
    """Return the app of a web process that nobody writes to."""
    app, wiring = other_process()
    wait_until(lambda: wiring.fence.lease() is not None)
    return app


@pytest.fixture
def root(endpoints, alice, bob):
    """Return a post of alice's, who follows bob; nothing of it lags."""
    root = alice.say("the root #fox")["id"]
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    with Redis.from_url(endpoints.redis_cache_uri) as cache:
        cache.flushdb()
    return root


@pytest.fixture
def read(app, wiring, alice, bob):
    """Return a function that reads every address as somebody, by an app."""
    wait_until(lambda: wiring.fence.lease() is not None)
    cookies = {}
    name = app.config["SESSION_COOKIE_NAME"]
    for person in (alice, bob):
        cookie = sign_in(app, wiring, person).get_cookie(name).value
        cookies[person.id] = {"Cookie": f"{name}={cookie}"}

    def read(by, person, **named):
        client, found = by.test_client(use_cookies=False), {}
        named |= {"alice": alice.id, "bob": bob.id}
        for address in ADDRESSES:
            is_api = address.startswith("/api")
            token = {"Authorization": f"Bearer {person.token}"}
            headers = token if is_api else cookies[person.id]
            answer = client.get(address.format(**named), headers=headers)
            text = re.sub('name="(csrf_token|key)" value="[^"]*"', "", answer.text)
            found[address] = answer.status_code, text
        return found

    return read


def differing(one, other):
    return [address for address in one if one[address] != other[address]]


def put_off():
    return telemetry.CACHE_INVALIDATIONS_DEBOUNCED._value.get()


def reply(bob, root):
    bob.say("@alice a reply #fox", in_reply_to_id=root)


def unrepost(bob, root):
    bob.post(f"/api/v1/statuses/{root}/unreblog")


def act(name):
    return lambda bob, root: bob.post(f"/api/v1/statuses/{root}/{name}")


def turn_to(name):
    def do(bob, _):
        alice = bob.get("/api/v1/accounts/lookup?acct=alice").json["id"]
        bob.post(f"/api/v1/accounts/{alice}/{name}")

    return do


def delete(bob, root):
    replies = bob.get(f"/api/v1/statuses/{root}/context").json["descendants"]
    bob.ask("DELETE", f"/api/v1/statuses/{replies[0]['id']}")


#: What one does twice, and between two times undoes.
ACTS = {
    "post": (lambda bob, _: bob.say("a kwip #fox"), None),
    "reply": (reply, None),
    "delete": (delete, reply),
    "repost": (act("reblog"), act("unreblog")),
    "unrepost": (act("unreblog"), act("reblog")),
    "favourite": (act("favourite"), act("unfavourite")),
    "unfavourite": (act("unfavourite"), act("favourite")),
    "follow": (turn_to("follow"), turn_to("unfollow")),
    "unfollow": (turn_to("unfollow"), turn_to("follow")),
    "remove a follower": (turn_to("remove_from_followers"), None),
    "block": (turn_to("block"), turn_to("unblock")),
}


@pytest.mark.parametrize("name", part(ACTS, of=2))
def test_who_does_something_sees_it_at_the_next_read(
    name, app, second, truth, read, root, bob
):
    do, undo = ACTS[name]
    for is_again in (False, True):
        if undo:
            undo(bob, root)
        if is_again:
            read(app, bob, root=root)
            read(second, bob, root=root)
        before = put_off()
        do(bob, root)

    seen = [read(by, bob, root=root) for by in (second, app)]
    right = read(truth, bob, root=root)
    assert [differing(one, right) for one in seen] == [[], []]
    assert put_off() > before, "it was not dropped at once, the second time"


def test_others_go_on_with_what_is_cached(second, truth, read, root, alice, bob):
    bob.say("one #fox")
    before = read(second, alice, root=root)["/api/v1/timelines/public"]

    bob.say("two #fox")

    assert not differing(read(second, bob, root=root), read(truth, bob, root=root))
    assert read(second, alice, root=root)["/api/v1/timelines/public"] == before
