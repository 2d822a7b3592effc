"""What a whole page costs when everything is warm, for a viewer and for nobody."""

from __future__ import annotations

import pytest

from tests.edge.test_costs import app, commands, people, settings, wiring

__all__ = ["app", "commands", "people", "settings", "wiring"]


@pytest.fixture
def cost_of(wiring, commands):
    """Return what a request costs in round trips that was made before."""

    def measure(visitor, path):
        for _ in range(2):  # the first may show a message, and is not kept then
            visitor.get(path)
        redis, mongodb = wiring.cache.round_trips, len(commands.names)
        visitor.get(path)
        return wiring.cache.round_trips - redis, len(commands.names) - mongodb

    return measure


@pytest.fixture
def visitors(at_bob, anybody):
    return at_bob, anybody


@pytest.fixture
def post(alice, bob):
    """Return the id of a kwip with a reply, beside one in each home."""
    post = alice.say("hi")["id"]
    bob.say("ho", in_reply_to_id=post)
    return post


#: How often a page asks Redis and MongoDB for a viewer, and for nobody.
WARM = {
    "/": ((1, 0), (1, 0)),
    "/home": ((1, 0), None),
    "/home/catch-up": ((4, 0), None),
    "/@alice": ((1, 0), (1, 0)),
    "/@alice/with-replies": ((1, 0), (1, 0)),
    "/@alice/media": ((1, 0), (1, 0)),
    "/@alice/{post}": ((1, 0), (1, 0)),
    "/@alice/{post}/history": ((2, 1), (2, 1)),
    "/lists": ((2, 0), None),
    "/lists/{made}": ((1, 0), None),
    "/lists/{made}/edit": ((2, 0), None),
    "/lists/{made}/members": ((3, 0), None),
    "/@alice/lists": ((2, 1), None),
    "/compose": ((1, 0), None),
    "/settings/profile": ((1, 1), None),
    "/settings/tokens": ((1, 1), None),
    "/settings/privacy": ((1, 0), None),
    "/settings/reading": ((1, 0), None),
    "/settings/password": ((1, 0), None),
    "/settings/sessions": ((1, 1), None),
    "/settings/appearance": ((1, 0), (0, 0)),
}


def test_a_warm_page_asks_redis_so_often_and_mongodb_only_for_what_is_never_cached(
    cost_of, post, visitors
):
    viewer, nobody = visitors
    fields = {"title": "Friends", "replies_policy": "list"}
    viewer.send("/@alice/follow")
    made = viewer.send("/lists", **fields).removeprefix("/lists/")
    viewer.send(f"/lists/{made}/add/alice")
    found = {}
    for path, (_, of_nobody) in WARM.items():
        place = path.format(post=post, made=made)
        found[path] = (
            cost_of(viewer, place),
            None if of_nobody is None else cost_of(nobody, place),
        )

    assert found == WARM
