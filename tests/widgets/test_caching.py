"""What a CDN in front of Kwip reads in the headers of widgets."""

from __future__ import annotations

import time

import pytest

from kwip.app import create_app
from kwip.domain.timelines import surrogate_keys
from kwip.wiring import Options, build
from tests.widgets.surfaces import ORIGIN
from tests.widgets.test_widgets import ROOT

OWN = {"Date", "X-Request-Id", "X-Accel-Expires"}


@pytest.fixture
def said(alice, bob, wiring):
    """Let Alice quote Bob and be reposted by him; return the ids of the three posts."""
    quoted = bob.say("quoted")["id"]
    post = alice.say("hello #fox #Straße", quoted_status_id=quoted)["id"]
    fanout = wiring.services.fanout
    fanout.deliver(fanout.begin(int(post)))  # so that it is found
    repost = bob.post(f"/api/v1/statuses/{post}/reblog").json["id"]
    return {"quoted": quoted, "post": post, "repost": repost}


def keys(answer):
    found = answer.headers["Surrogate-Key"].split(" ")
    assert answer.headers["Cache-Tag"] == ",".join(found)
    return found


def test_an_answer_names_what_it_shows(client, alice, bob, said):
    users = [f"user:{bob.id}", f"user:{alice.id}"]
    shown = {f"post:{said['post']}", f"post:{said['quoted']}", *users}

    public = client.get(f"{ROOT}/public")
    assert set(keys(public)) == {"public", *shown}
    assert set(keys(client.get(f"{ROOT}/tag/fox"))) == {"tag:fox", *shown}
    sharp = keys(client.get(f"{ROOT}/tag/stra%C3%9Fe"))
    assert all(key.isascii() for key in sharp)
    assert sharp[0].startswith("tag:stra")
    reposted = keys(client.get(f"{ROOT}/user/bob?limit=1"))
    assert set(reposted) == {f"post:{said['repost']}", *shown}
    for path in (
        f"{ROOT}/post/{said['repost']}",
        f"/embed/post/{said['repost']}",
        f"/api/oembed?url={ORIGIN}/@bob/{said['repost']}",
    ):
        assert f"post:{said['repost']}" in keys(client.get(path)), path
    assert keys(client.get(f"{ROOT}/user/alice/profile")) == [f"user:{alice.id}"]
    for path in (f"thread/{said['post']}", f"thread/{said['post']}?shape=nested"):
        assert set(keys(client.get(f"{ROOT}/{path}"))) == shown
    assert f"post:{said['post']}" in keys(client.get(f"{ROOT}/search?q=hello"))
    etag = {"If-None-Match": public.headers["ETag"]}
    unchanged = client.get(f"{ROOT}/public", headers=etag)
    assert unchanged.status_code == 304
    assert "Surrogate-Key" not in unchanged.headers


def test_what_nobody_may_see_is_not_named(client, alice, bob):
    root = alice.say("open")["id"]
    hidden = bob.say("@alice hidden", visibility="direct", in_reply_to_id=root)["id"]

    named = keys(client.get(f"{ROOT}/thread/{root}"))

    assert named == [f"post:{root}", f"user:{alice.id}"]
    assert f"post:{hidden}" not in named


def test_keys_do_not_fill_the_headers_of_a_proxy():
    few = surrogate_keys.bounded(["public"], ["post:1", "post:1", "user:2"])
    many = surrogate_keys.bounded(
        iter(["public"]), (f"post:{number}" for number in range(10**17, 10**17 + 80))
    )

    assert few == ["public", "post:1", "user:2"]
    assert many == ["public", surrogate_keys.MANY]


def test_our_own_proxy_keeps_a_widget_until_the_second_ends(client, said):
    began = int(time.time())
    first = client.get(f"{ROOT}/public")  # from the app, then from the cache
    again = client.get(f"{ROOT}/public")
    etag = {"If-None-Match": first.headers["ETag"]}
    unchanged = client.get(f"{ROOT}/public", headers=etag)

    for answer in (first, again, unchanged):
        names = [name for name, _ in answer.headers]
        until = answer.headers["X-Accel-Expires"]
        assert until[0] == "@"
        assert began <= int(until[1:]) <= time.time()
        assert names.index("X-Accel-Expires") < names.index("Cache-Control")
        assert "Vary" not in answer.headers
        assert "Last-Modified" not in answer.headers
    wrong = client.get(f"{ROOT}/public?limit=x")
    assert "X-Accel-Expires" not in wrong.headers
    assert "Surrogate-Key" not in wrong.headers


def test_a_preflight_of_a_widget_allows_reading_alone(client, said):
    for path in (f"{ROOT}/public", f"{ROOT}/thread/{said['post']}"):
        answer = client.options(path, headers={"Origin": "https://blog.example"})

        assert (answer.status_code, answer.data) == (200, b"")
        methods = "GET, HEAD, OPTIONS"
        assert answer.headers["Access-Control-Allow-Methods"] == methods
        assert sorted(answer.headers["Allow"].split(", ")) == methods.split(", ")
        assert answer.headers["Access-Control-Allow-Headers"] == "If-None-Match"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        refused = client.post(path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, methods)


def test_head_is_answered_from_the_cache_without_a_body(client, wiring, said):
    got = client.get(f"{ROOT}/public")
    before = wiring.cache.round_trips

    head = client.head(f"{ROOT}/public")
    etag = {"If-None-Match": f"W/{got.headers['ETag']}"}
    unchanged = client.head(f"{ROOT}/public", headers=etag)

    assert wiring.cache.round_trips - before == 2
    assert (head.status_code, head.data) == (200, b"")
    assert shown(head) == shown(got)
    assert (unchanged.status_code, unchanged.data) == (304, b"")


def test_every_app_server_gives_the_same_bytes(
    app, wiring, settings, endpoints, alice, bob, said
):
    paths = (
        *("public", "tag/fox?fields=id,html", "user/bob?limit=2"),
        *("user/alice/profile", f"thread/{said['post']}", "search?q=hello"),
        "public?limit=1&order=active",
    )
    other = build(
        settings, endpoints, role="web", options=Options(enqueue=lambda *_: None)
    )

    def read(server, host):
        # Nothing that one has made is left for the other.
        wiring.fence.invalidate([f"user:{alice.id}", f"user:{bob.id}"])
        client = server.test_client()
        answers = [client.get(f"{ROOT}/{p}", headers={"Host": host}) for p in paths]
        return [
            (path, a.data, shown(a)) for path, a in zip(paths, answers, strict=True)
        ]

    try:
        one = read(app, "one.example")
        assert one == read(create_app(other, settings), "two.example:81")
    finally:
        other.close()


def shown(answer):
    return sorted(pair for pair in answer.headers if pair[0] not in OWN)
