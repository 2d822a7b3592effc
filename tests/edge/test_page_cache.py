"""cached pages: the bytes that the app makes, for their reader alone, never old."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from functools import partial

import pytest
from flask import Response, render_template_string
from redis import Redis
from werkzeug.test import Client

from kwip import telemetry
from kwip.blueprints.answers import placeholders
from kwip.blueprints.answers.page_copies import Copy, pack, size_of
from kwip.blueprints.page_cache import COPIES_BYTES, MAX_COOKIE, MOST_VISITORS
from kwip.blueprints.routes import AREAS
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.memo import Remembered
from kwip.domain.timelines.lists import ListChange
from kwip.domain.timelines.pages import CachedPage
from kwip.services.accounts.authentication import Credential
from tests.people import sign_in
from tests.servers import wait_until
from tests.weights import taken_by

HOME = "/api/v1/timelines/home"
OWN = {"x-request-id", "x-accel-expires", "x-ratelimit-remaining", "x-ratelimit-reset"}
#: One address of every kept route.
ADDRESSES = {
    "api": [
        "/api/v1/timelines/home",
        "/api/v1/timelines/public?limit=5",
        "/api/v1/timelines/tag/fox",
        "/api/v1/timelines/list/{list}",
        "/api/v1/statuses/{post}/context",
        "/api/v1/trends",
        "/api/v1/trends/tags",
        "/api/v1/trends/statuses",
        "/api/v1/trends/links",
    ],
    "widgets": [
        "/api/widgets/v1/public",
        "/api/widgets/v1/tag/fox",
        "/api/widgets/v1/user/alice",
        "/api/widgets/v1/user/alice/profile",
        "/api/widgets/v1/user/alice/stats",
        "/api/widgets/v1/user/bob/favourites",
        "/api/widgets/v1/post/{post}",
        "/api/widgets/v1/thread/{post}",
        "/api/widgets/v1/list/{list}",
        "/api/widgets/v1/search?q=more",
        "/public.rss",
        "/tags/fox.atom",
        "/@alice.json",
        "/@alice/with-replies.rss",
        "/@alice/media.atom",
        "/@bob/favourites.atom",
        "/@alice/{post}.json",
        "/lists/{list}.rss",
        "/search.rss?q=more",
        "/embed/post/{post}",
        "/embed/user/alice?theme=dark",
        "/embed/user/bob/favourites",
        "/embed/tag/fox",
        "/embed/list/{list}",
        "/embed/thread/{post}",
        "/api/oembed?url=http%3A%2F%2F127.0.0.1%3A8000%2F%40alice%2F{post}",
        "/badge/alice.svg?show=latest",
        *(
            f"/card/{kind}.png?v=00000000000000000000"
            for kind in ("post/{post}", "user/alice", "tag/fox")
        ),
    ],
    "web": [
        "/",
        "/home",
        "/tags/fox",
        "/@alice",
        "/@alice/with-replies",
        "/@alice/media",
        "/lists/{list}",
        "/@alice/{post}",
        "/@alice/tagged/fox",
        "/@alice/stats",
        "/@alice/{now:%Y}",
        "/@alice/{now:%Y/%m}",
        "/@alice/{now:%Y/%m/%d}",
        "/@alice/familiar",
        "/explore",
        "/explore/hashtags",
        "/explore/links",
        "/explore/people",
        "/explore/side",
    ],
}


def looks(result):
    return telemetry.CACHE_REQUESTS.labels("page", result)._value.get()


def own_form_fields(html):
    """Replace what is new in each page: the form token and the kwip's key."""
    return re.sub(rb'name="(csrf_token|key)" value="[^"]*"', b"", html)


@pytest.fixture
def kept(wiring, app):
    """Return the app with its cached pages, while the cache may be used."""
    wait_until(lambda: wiring.fence.lease() is not None)
    return app.wsgi_app


class Asking:
    """Somebody who asks, for cached pages and for those that the app makes anew."""

    def __init__(self, kept, headers):
        self._kept, self._anew = Client(kept), Client(kept._inner)
        self._headers = headers

    def kept(self, path, **headers):
        return self._kept.get(path, headers=self._headers | headers)

    def anew(self, path):
        return self._anew.get(path, headers=self._headers)


@pytest.fixture
def readers(app, wiring, kept, alice, bob):
    """Return who asks in each area: two people, and somebody not signed in."""

    def at_browser(person):
        browser = sign_in(app, wiring, person)
        name = app.config["SESSION_COOKIE_NAME"]
        return {"Cookie": f"{name}={browser.get_cookie(name).value}"}

    nobody = Asking(kept, {})
    return {
        "api": [
            Asking(kept, {"Authorization": f"Bearer {p.token}"}) for p in (alice, bob)
        ],
        "widgets": [nobody],
        "web": [nobody, *(Asking(kept, at_browser(p)) for p in (alice, bob))],
    }


def assert_same(kept, anew, about):
    """Compare all but what each answer has of its own."""
    assert kept.status_code == anew.status_code, about
    assert own_form_fields(kept.data) == own_form_fields(anew.data), about
    shown = [
        {n.lower(): v for n, v in answer.headers if n.lower() not in OWN}
        for answer in (kept, anew)
    ]
    if "Link" in anew.headers or kept.mimetype == "text/html":
        for headers in shown:  # a form token may have another length
            headers.pop("content-length")
    assert shown[0] == shown[1], about


def test_every_kept_route_is_tried_here():
    kept = {
        (area, route.rule)
        for area, routes in AREAS.items()
        for route in routes
        if route.policy.page_cache != "no"
    }

    assert len(kept) == sum(len(paths) for paths in ADDRESSES.values())


def test_a_page_is_given_as_the_app_makes_it_whatever_was_done_before(
    readers, alice, bob, wiring
):
    chance = random.Random(8)  # noqa: S311 -- no secret
    root = alice.say("first #fox")["id"]
    mine = [root]
    owner = Viewer(id=bob.user.id, username="bob", digest="")
    lists, new = wiring.services.lists, ListChange(title="Foxes", is_public=True)
    listing = lists.create(owner, new).id
    shown = ProfileChange(shows_favourites=True)
    wiring.services.users.update_profile(owner, shown)
    members = f"/api/v1/lists/{listing}/accounts"
    acts = [
        lambda: mine.append(alice.say("more #fox")["id"]),
        lambda: bob.post(  # while they block each other it is refused
            "/api/v1/statuses", json={"status": "@alice no", "in_reply_to_id": root}
        ),
        lambda: alice.ask(
            "PUT",
            f"/api/v1/statuses/{chance.choice(mine)}",
            json={"status": f"edited {chance.random()} #fox"},
        ),
        lambda: alice.ask("DELETE", f"/api/v1/statuses/{mine.pop()}"),
        lambda: bob.post(f"/api/v1/accounts/{alice.id}/follow"),
        lambda: bob.post(f"/api/v1/accounts/{alice.id}/unfollow"),
        lambda: bob.post(members, json={"account_ids": [alice.id]}),
        lambda: bob.ask("DELETE", members, json={"account_ids": [alice.id]}),
        *(
            partial(lists.change, owner, listing, ListChange(is_public=is_public))
            for is_public in (False, True, True)
        ),
        lambda: bob.post(f"/api/v1/accounts/{alice.id}/mute"),
        lambda: bob.post(f"/api/v1/accounts/{alice.id}/unmute"),
        lambda: bob.post(f"/api/v1/accounts/{alice.id}/block"),
        lambda: bob.post(f"/api/v1/accounts/{alice.id}/unblock"),
        lambda: bob.post(f"/api/v1/statuses/{chance.choice(mine)}/favourite"),
        lambda: bob.post(f"/api/v1/statuses/{chance.choice(mine)}/unfavourite"),
        lambda: bob.post(f"/api/v1/statuses/{chance.choice(mine)}/reblog"),
        wiring.services.trending.recompute,
    ]
    hits, now = looks("hit"), at(system_clock_ms())
    for _ in range(24):
        if len(mine) < 2:
            mine.append(alice.say("again #fox")["id"])
        act = chance.choice(acts)
        act()
        for area, paths in ADDRESSES.items():
            for reader in readers[area]:
                path = chance.choice(paths).format(post=root, list=listing, now=now)
                reader.kept(path)
                # A debounced invalidation of a count may fall between the two.
                tries = [(reader.kept(path), reader.anew(path)) for _ in range(2)]
                assert_same(*tries[-1], (act, path))
    assert looks("hit") - hits > 24, "pages were kept"


@pytest.fixture
def home(kept, alice):
    """Return alice asking for her home, which is kept and holds one post."""
    alice.say("hi")
    asking = Asking(kept, {"Authorization": f"Bearer {alice.token}"})
    asking.kept(HOME)
    assert was_found(lambda: asking.kept(HOME))
    return asking


def was_found(work):
    """Do something that asks for one page; tell whether a finished one was there."""
    before = looks("hit")
    work()
    return looks("hit") - before == 1


@pytest.fixture
def redis(endpoints):
    with Redis.from_url(endpoints.redis_cache_uri) as plain:
        yield plain


def test_a_page_lives_as_long_as_each_part_of_it(home, redis):
    no_parts = re.compile(rb"{(page|quota|pace):")
    parts = [key for key in redis.keys("kw:*") if not no_parts.search(key)]
    kinds = {re.search(rb"{(\w+)", key).group(1) for key in parts}
    assert kinds >= {b"token", b"relations", b"user", b"home", b"post", b"reactions"}

    for key in parts:
        is_read = b"{handle:" not in key
        redis.unlink(key)
        assert was_found(lambda: home.kept(HOME)) is not is_read, key
        home.kept(HOME)


def test_a_newer_fill_under_the_same_generation_ends_a_page(home, redis):
    (post,) = redis.keys("kw:*{post:*")
    redis.hset(post, "v", redis.hget(post, "v")[:-1] + b"\x63")

    assert not was_found(lambda: home.kept(HOME))


def test_a_page_of_another_epoch_is_not_given(home, wiring, redis):
    (page,) = redis.keys("kw:*{page:*")
    epoch = wiring.fence.lease().epoch
    parts = redis.hget(page, "p")
    redis.hset(page, "p", (epoch + 1).to_bytes(8, "big") + parts[8:])

    assert not was_found(lambda: home.kept(HOME))


def test_without_a_primary_only_visitors_get_cached_pages(kept, home, wiring):
    visitor, address = Asking(kept, {}), "/api/v1/timelines/public"
    for _ in range(2):
        visitor.kept(address)
        home.kept(HOME)
    assert "Warning" not in visitor.kept(address).headers
    watch = wiring.lease_renewer.watch
    watch.loop.stop()
    watch._held = replace(watch._held, until=watch._held.until - 10)
    watch._is_blind = True

    assert was_found(lambda: visitor.kept(address))
    assert visitor.kept(address).headers["Warning"] == '110 - "Response is Stale"'
    assert not was_found(lambda: home.kept(HOME))
    # What is made of old parts is not kept, here or by nginx: the outage may end.
    widget = "/api/widgets/v1/public?limit=7"
    for _ in range(2):
        assert not was_found(lambda: visitor.kept(widget))
        old = visitor.kept(widget)
        assert "Warning" in old.headers
        assert "X-Accel-Expires" not in old.headers


def test_a_revoked_token_opens_no_page(home, wiring, alice):
    access = wiring.services.authentication
    viewer = access.open(
        Credential.parse("token", alice.token), wiring.services.loaders.begin()
    )
    access.revoke_token(viewer, viewer.digest)

    assert home.kept(HOME).status_code == 401


def test_a_secret_with_somebody_elses_id_opens_nothing(home, alice, bob, kept):
    secret = alice.token.partition(".")[2]
    forged = Asking(kept, {"Authorization": f"Bearer {bob.id}.{secret}"})

    for _ in range(2):
        assert not was_found(lambda: forged.kept(HOME))
    assert forged.kept(HOME).status_code == 401


def test_what_an_ended_session_is_shown_is_not_kept(app, wiring, alice):
    browser = sign_in(app, wiring, alice)
    token = browser.form_token
    cookie = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert browser.post("/logout", data={"csrf_token": token}).status_code == 303
    browser.set_cookie(cookie.key, cookie.value)

    for _ in range(3):
        assert not was_found(lambda: browser.get("/"))


def test_pages_that_differ_in_their_headers_are_different():
    answers = [
        Response("[]", headers={"Link": link}, mimetype="application/json")
        for link in ("<1>", "<2>", "<2>")
    ]
    first, second, third = (pack(answer)[0] for answer in answers)

    assert first != second == third


def test_a_page_is_its_readers_alone(home, kept, bob):
    at_bob = Asking(kept, {"Authorization": f"Bearer {bob.token}"})

    assert home.kept(HOME).json
    assert at_bob.kept(HOME).json == []
    assert Asking(kept, {}).kept(HOME).status_code == 401


def test_who_has_a_page_is_spared_its_bytes(home):
    first = home.kept(HOME)
    etag = first.headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        before = looks("hit")
        answer = ask(home, known)
        assert looks("hit") - before == 1
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert "Content-Length" not in answer.headers
        assert "Content-Type" not in answer.headers
        assert answer.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert ask(home, '"other"').status_code == 200


def ask(asking, known):
    return asking.kept(HOME, **{"If-None-Match": known})


def test_a_page_is_named_by_its_address_and_what_it_may_depend_on(home):
    assert not was_found(lambda: home.kept(f"{HOME}?limit=1"))
    assert was_found(lambda: home.kept(f"{HOME}?limit=1"))
    assert not was_found(lambda: home.kept(f"{HOME}?limit=1&order=active"))
    for same in ("order=active&limit=1", "%6cimit=%31&order=active"):
        assert was_found(lambda same=same: home.kept(f"{HOME}?{same}"))
    for query in (
        *("max_id=9", "min_id=9", "any=thing", "limit=1&x=%00", "limit=1&limit=2"),
        *("limit=99", "limit=01", "order=up", "since_id=9", "replies=true", "limit="),
    ):
        misses = looks("miss")
        for _ in range(2):
            home.kept(f"{HOME}?{query}")
        assert looks("miss") == misses, "it was not even asked for"


def test_bad_addresses_and_heads_are_left_to_the_app(home, kept):
    for path in (f"{HOME}?limit=x", "/api/v1/timelines/tag/%ff", "/api/widgets/v1/x"):
        for _ in range(2):
            assert home.kept(path).status_code in {400, 404}
    head = Client(kept).head(HOME, headers={"Authorization": "Bearer 1.x"})
    assert head.status_code == 401


def test_without_redis_the_app_answers(home, wiring, monkeypatch):
    monkeypatch.setattr(wiring.cache, "run", lambda *_: None)

    answers = []
    assert not was_found(lambda: answers.append(home.kept(HOME)))
    assert answers[0].status_code == 200


def test_a_form_of_a_kept_page_can_be_sent(app, wiring, kept, alice):
    browser = sign_in(app, wiring, alice)
    for _ in range(3):
        page = browser.get("/home").text
    token, key = (
        re.search(rf'name="{name}" value="([^"]+)"', page).group(1)
        for name in ("csrf_token", "key")
    )
    answer = browser.post(
        "/compose",
        data={"csrf_token": token, "key": key, "text": "sent", "visibility": "public"},
    )

    assert answer.status_code == 303, answer.text
    assert "sent" in browser.get("/home").text


def test_each_answer_has_a_key_and_a_time_of_its_own(app, wiring, alice, monkeypatch):
    alice.say("hi")
    browser = sign_in(app, wiring, alice)
    keys = {
        re.search(r'name="key" value="([^"]+)"', browser.get("/home").text).group(1)
        for _ in range(4)
    }
    assert len(keys) == 4
    later = system_clock_ms() + 5 * 60_000
    monkeypatch.setattr("kwip.blueprints.page_cache.system_clock_ms", lambda: later)
    pages = []
    assert was_found(lambda: pages.append(browser.get("/home").text))
    assert ">5m</time>" in pages[0]


def test_a_message_is_shown_once(app, wiring, alice):
    browser = sign_in(app, wiring, alice)
    for _ in range(2):
        browser.get("/home")
    with browser.session_transaction() as session:
        session["_flashes"] = [("message", "Well done.")]

    pages = [browser.get("/home").text for _ in range(3)]

    assert ["Well done." in page for page in pages] == [True, False, False]


def test_a_page_of_a_session_that_ends_soon_is_not_kept(app, wiring, alice, mongodb):
    browser = sign_in(app, wiring, alice)
    soon = at(system_clock_ms() + 30_000)
    mongodb["sessions"].update_many({}, {"$set": {"expires_at": soon}})

    for _ in range(3):
        assert not was_found(lambda: browser.get("/home"))


def hold(copies, name, content):
    copy = Copy.of(CachedPage(*pack(Response(content, mimetype="application/json"))))
    copies.put(name, copy, size_of(copy))


def test_a_process_holds_copies_up_to_so_many_bytes():
    copies = Remembered(20_000)
    for number in range(4):
        hold(copies, f"{number}", b"x" * 4_000)

    assert [number for number in range(4) if copies.get(f"{number}")] == [2, 3]
    hold(copies, "3", b"x" * 6_000)
    assert copies.get("2")
    for number in range(9):
        hold(copies, f"small {number}", b"[]")
    assert not copies.get("2"), "small ones take room, too"


@pytest.mark.parametrize(("parts", "many"), [(0, 2_000), (300, 300)])
def test_copies_take_what_their_limit_says(parts, many):
    headers = [["Link", "<https://kwip.example/>"]] * 9
    copies = Remembered(COPIES_BYTES)

    def fill():
        for number in range(many):
            body = [b"%099d" % number] * (2 * parts + 1)
            head = json.dumps([headers, [len(part) for part in body]]).encode()
            copy = Copy.of(CachedPage(b"", b"".join([head, b"\n", *body])))
            copies.put(f"{number}", copy, size_of(copy))

    assert COPIES_BYTES / 2 < taken_by(fill) < 1.1 * COPIES_BYTES


def test_cookies_that_were_read_take_two_megabytes_at_most(app):
    def fill():
        for number in range(2 * MOST_VISITORS):
            app.wsgi_app._visitor("x" * (MAX_COOKIE - 9) + f"{number}")

    assert taken_by(fill) < 2.5e6


def rendered(template, **context):
    """Render a page in a request of its own; give what is kept of it, and its bytes."""
    response = Response(render_template_string(template, **context))
    content = pack(response)[1]
    placeholders.fill(response, lambda: "the-token", 0)
    return content, response.get_data()


def test_the_placeholders_of_a_page_are_filled_wherever_it_was_kept(app):
    with app.test_request_context():
        kept, filled = rendered("a{{ form_token() }}b{{ form_token() }}c")
    copy = Copy.of(CachedPage(b"e", kept))

    assert filled == b"athe-tokenbthe-tokenc"
    assert copy.page.has_form
    assert copy.page.fill(lambda: "another", 0) == b"aanotherbanotherc"


def test_a_page_is_kept_as_the_same_bytes_whichever_request_rendered_it(app):
    kept = set()
    for _ in range(2):
        with app.test_request_context():
            kept.add(rendered("a{{ form_token() }}b")[0])

    assert len(kept) == 1


def test_nothing_that_was_written_before_is_a_placeholder(app):
    with app.test_request_context():
        earlier = str(placeholders.form_token())
    for sent in ("\0form\0", earlier):
        with app.test_request_context():
            kept, filled = rendered("{{ sent }} {{ form_token() }}", sent=sent)

        assert filled == f"{sent} the-token".encode()
        page = Copy.of(CachedPage(b"e", kept)).page
        assert page.fill(lambda: "the-token", 0) == filled
