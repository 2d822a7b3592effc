"""Long polls: a live process woken by what other processes do."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from config.settings import load
from kwip.app import create_app
from kwip.domain.accounts.users import Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import PostId
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.jobs.registry import jobs
from kwip.live_app import create_live_app
from kwip.services.delivery.long_polls import LiveTimes
from kwip.store.posting.media.link_previews import LIFETIME
from kwip.wiring import Options, build
from tests.frozen import put, swap
from tests.people import sign_in
from tests.servers import wait_until

WITHIN_S = 20
ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
def make_live(settings, endpoints, monkeypatch):
    """Return a function that makes the parts of one more live process."""
    monkeypatch.setattr("kwip.cache.signals.LOOK_S", 0.02)
    monkeypatch.setattr("kwip.cache.signals.RETRY_S", 0.02)
    made = []

    def make(longest_s=60.0, deaf_s=60.0, realtime_uri=None):
        at = replace(
            endpoints, redis_realtime_uri=realtime_uri or endpoints.redis_realtime_uri
        )
        times = LiveTimes(longest_s=longest_s, deaf_s=deaf_s)
        wiring = build(settings, at, role="live", options=Options(live_times=times))
        made.append(wiring)
        assert wiring.fence.await_lease(within_s=WITHIN_S)
        wiring.listener.loop.start()
        if realtime_uri is None:
            wait_until(lambda: wiring.services.live._is_linked)
        return Process(wiring, create_live_app(wiring, settings), monkeypatch)

    yield make
    for wiring in made:
        wiring.close()


class Process:
    """A live process, and those who poll it."""

    def __init__(self, wiring, app, monkeypatch):
        self.monkeypatch = monkeypatch
        self.app = app
        self.wiring = wiring
        self.looks = 0
        self._pool = ThreadPoolExecutor(4)
        timelines = wiring.services.timelines
        for name in ("home", "public"):
            self._count(timelines, name)
        self._count(wiring.services.notifications, "page")
        self._count(wiring.services.open_pages, "look")

    def _count(self, service, name):
        read = getattr(service, name)

        def counted(*arguments):
            found = read(*arguments)
            self.looks += 1
            return found

        put(self.monkeypatch, service, name, counted)

    def poll(self, browser, path):
        """Poll in a thread; returns once the first look is over."""
        before = self.looks
        future = self._pool.submit(browser.get, path)
        wait_until(lambda: self.looks > before or future.done())
        return future


@pytest.fixture
def live(make_live):
    return make_live()


@pytest.fixture
def at_alice(wiring, alice):
    """Return a function that gives alice's browser at some app."""
    return lambda process: sign_in(process.app, wiring, alice)


@pytest.fixture
def deliver(settings, endpoints):
    """Return a function that does what a worker process does."""
    made = build(settings, endpoints, role="worker")
    assert made.fence.await_lease(within_s=WITHIN_S)
    yield lambda job, job_id: jobs(made.services)[job](str(job_id))
    made.close()


@pytest.fixture
def follow(wiring, alice, bob, deliver):
    """Let alice follow bob."""
    wait_until(lambda: wiring.fence.lease() is not None)
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    deliver("edge", f"{alice.id}:{bob.id}")


def test_what_is_new_already_is_told_at_once(live, at_alice, alice):
    first, second = alice.say("1")["id"], alice.say("2")["id"]

    answer = at_alice(live).get("/poll/home?since_id=0")
    assert answer.json == {"count": 2, "newest_id": second}
    answer = at_alice(live).get(f"/poll/home?since_id={first}")
    assert answer.json == {"count": 1, "newest_id": second}
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_more_than_a_page_counts_as_a_page(live, at_alice, alice):
    for number in range(42):
        newest = alice.say(str(number))["id"]

    answer = at_alice(live).get("/poll/home?since_id=0")

    assert answer.json == {"count": 40, "newest_id": newest}


def test_a_worker_wakes_followers_who_wait_in_several_live_processes(
    make_live, at_alice, bob, follow, deliver
):
    processes = [make_live(), make_live()]
    waiting = [p.poll(at_alice(p), "/poll/home?since_id=0") for p in processes]
    post = bob.say("Hello")
    assert not any(future.done() for future in waiting)
    deliver("fanout", post["id"])

    for future in waiting:
        answer = future.result(WITHIN_S)
        assert answer.json == {"count": 1, "newest_id": post["id"]}


def test_a_kwip_that_is_in_no_home_wakes_those_who_follow_its_author(
    live, at_alice, bob, follow, settings, endpoints
):
    """Of an author from whom something was pulled before they began to wait."""
    few = replace(settings, pull_followers=1)
    worker = build(few, endpoints, role="worker")
    assert worker.fence.await_lease(within_s=WITHIN_S)
    work = jobs(worker.services)["fanout"]
    first = bob.say("Hello")["id"]
    work(first)
    waiting = live.poll(at_alice(live), f"/poll/home?since_id={first}")
    post = bob.say("Hello again")
    assert not waiting.done()
    work(post["id"])
    worker.close()

    assert waiting.result(WITHIN_S).json == {"count": 1, "newest_id": post["id"]}


def test_somebodys_own_kwip_wakes_their_other_windows(live, at_alice, alice, follow):
    waiting = live.poll(at_alice(live), "/poll/home?since_id=0")
    post = alice.say("Hello")

    assert waiting.result(WITHIN_S).json["newest_id"] == post["id"]


def test_the_public_timeline_tells_anybody(live, alice, follow):
    waiting = live.poll(live.app.test_client(), "/poll/public?since_id=0")
    post = alice.say("Hello")

    assert waiting.result(WITHIN_S).json == {"count": 1, "newest_id": post["id"]}


@pytest.mark.parametrize("act", ["favourite", "follow", "mention"])
def test_whoever_is_told_something_learns_of_it_at_once(
    live, at_alice, alice, bob, follow, deliver, act
):
    post = alice.say("Hello")
    waiting = live.poll(at_alice(live), "/poll/notifications?since_id=0")
    assert not waiting.done()
    if act == "favourite":
        bob.post(f"/api/v1/statuses/{post['id']}/favourite")
    elif act == "follow":
        bob.post(f"/api/v1/accounts/{alice.id}/follow")
    else:
        deliver("fanout", bob.say("@alice")["id"])

    newest = alice.get("/api/v1/notifications").json[0]["id"]
    assert waiting.result(WITHIN_S).json == {"count": 1, "newest_id": newest}


@pytest.mark.parametrize(
    ("path", "shown"),
    [("page", 0), ("home", 0), ("public", 0), ("notifications", 0), ("page", 3)],
)
def test_the_badge_of_every_page_learns_at_once_what_it_counts(
    live, at_alice, alice, bob, follow, path, shown
):
    query = f"since_id={2**62}&unread={shown}"
    post = alice.say("Hello")
    waiting = live.poll(at_alice(live), f"/poll/{path}?{query}")
    if not shown:  # else it is told by the first look
        assert not waiting.done()
        bob.post(f"/api/v1/statuses/{post['id']}/favourite")

    assert waiting.result(WITHIN_S).json == {"unread": 0 if shown else 1}


def test_what_was_read_elsewhere_leaves_the_badge(live, at_alice, alice, bob, follow):
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    newest = alice.get("/api/v1/notifications").json[0]["id"]
    waiting = live.poll(at_alice(live), "/poll/page?unread=1")
    assert not waiting.done()
    alice.post("/api/v1/markers", json={"notifications": {"last_read_id": newest}})

    assert waiting.result(WITHIN_S).json == {"unread": 0}


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_page_is_told_which_of_its_kwips_were_deleted(
    live, at_alice, alice, bob, follow, when
):
    stays, goes = bob.say("Stays")["id"], bob.say("Goes")["id"]
    query = f"shown[]={stays}&shown[]={goes}"
    if when == "before":
        bob.ask("DELETE", f"/api/v1/statuses/{goes}")
        waiting = live.poll(live.app.test_client(), f"/poll/page?{query}")
    else:
        waiting = live.poll(at_alice(live), f"/poll/home?since_id={2**62}&{query}")
        assert not waiting.done()
        bob.ask("DELETE", f"/api/v1/statuses/{goes}")

    assert waiting.result(WITHIN_S).json == {"gone": [goes]}


def test_a_page_is_told_of_the_previews_it_awaits_unless_they_are_hidden(
    live, at_alice, bob, wiring
):
    url = "https://a.example/"
    post, hidden = (
        PostId(int(bob.say(url, visibility=each)["id"]))
        for each in ("public", "direct")
    )
    fields = [f"{name}[]={i}" for name in ("shown", "awaited") for i in (post, hidden)]
    previews, now = wiring.services.previews, at(system_clock_ms())
    swap(previews, is_on=True)
    previews.store.claim(url, "me", now, LIFETIME)
    found = LinkPreview(url=url, kind=PreviewKind.LINK, title="A")
    previews.store.finish(url, "me", found, now + LIFETIME)
    previews.settle(hidden)
    waiting = live.poll(at_alice(live), f"/poll/page?unread=0&{'&'.join(fields)}")
    assert not waiting.done()
    previews.settle(post)

    assert waiting.result(WITHIN_S).json == {"previewed": [str(post)]}


def test_a_repost_that_is_taken_back_is_gone(live, alice, bob, follow):
    post = alice.say("Hello")["id"]
    repost = bob.post(f"/api/v1/statuses/{post}/reblog").json["id"]
    waiting = live.poll(live.app.test_client(), f"/poll/page?shown[]={repost}")
    assert not waiting.done()
    bob.post(f"/api/v1/statuses/{post}/unreblog")

    assert waiting.result(WITHIN_S).json == {"gone": [repost]}


def test_who_does_not_want_to_wait_is_answered_at_once(live, at_alice, alice, bob):
    browser = at_alice(live)
    assert browser.get("/poll/page?unread=0&wait=0").status_code == 204

    bob.post(f"/api/v1/accounts/{alice.id}/follow")

    assert browser.get("/poll/page?unread=0&wait=0").json == {"unread": 1}


def test_a_page_with_a_badge_learns_that_its_session_has_ended(live):
    answer = live.app.test_client().get("/poll/page?unread=2")

    assert answer.status_code == 401


def test_a_page_says_what_it_shows_and_that_is_bounded(live):
    for query in (
        "",
        "unread=101",
        "unread=x",
        "shown[]=x",
        "&".join(["shown[]=1"] * 101),
    ):
        answer = live.app.test_client().get(f"/poll/page?{query}")

        assert answer.status_code == 400, query


def test_what_is_not_listed_sends_no_signal_to_the_public(live, alice, follow):
    waiting = live.poll(live.app.test_client(), "/poll/public?since_id=0")
    alice.say("Psst", visibility="unlisted")
    alice.say("Hello")

    assert waiting.result(WITHIN_S).json["count"] == 1
    assert live.looks == 2


def test_a_kwip_that_is_hidden_from_somebody_is_nothing_new(
    live, at_alice, alice, bob, follow, deliver
):
    waiting = live.poll(at_alice(live), "/poll/home?since_id=0")
    alice.post(f"/api/v1/accounts/{bob.id}/mute")
    deliver("fanout", bob.say("Hello")["id"])
    wait_until(lambda: live.looks == 2)

    assert not waiting.done()
    post = alice.say("Mine")
    assert waiting.result(WITHIN_S).json == {"count": 1, "newest_id": post["id"]}


def test_without_anything_new_a_poll_ends_with_204(make_live, at_alice):
    process = make_live(longest_s=0.05)

    answer = at_alice(process).get("/poll/home?since_id=0")

    assert (answer.status_code, answer.data) == (204, b"")


def test_a_lost_signal_is_made_up_for_at_the_end(make_live, at_alice, alice, wiring):
    process = make_live(longest_s=0.5)
    wiring.realtime.breaker._open_until = float("inf")
    waiting = process.poll(at_alice(process), "/poll/home?since_id=0")
    post = alice.say("Unheard")

    assert waiting.result(WITHIN_S).json["newest_id"] == post["id"]


def test_without_realtime_redis_pages_learn_by_the_clock(make_live, at_alice, alice):
    process = make_live(deaf_s=0.05, realtime_uri="redis://127.0.0.1:1/0")
    waiting = process.poll(at_alice(process), "/poll/home?since_id=0")
    post = alice.say("By the clock")

    assert waiting.result(WITHIN_S).json["newest_id"] == post["id"]


def test_a_session_that_was_ended_elsewhere_ends_here(
    live, at_alice, wiring, alice, bob, follow, deliver
):
    browser = at_alice(live)
    waiting = live.poll(browser, "/poll/home?since_id=0")
    for session in wiring.stores.sessions.of_user(alice.user.id):
        viewer = Viewer(id=alice.user.id, username="alice", digest=session.digest)
        wiring.services.authentication.sign_out(viewer)
    deliver("fanout", bob.say("Hello")["id"])
    answer = waiting.result(WITHIN_S)

    assert answer.status_code == 401
    assert answer.json == {"error": "You're logged out. Log in to continue."}


def test_who_is_not_signed_in_has_no_home_to_wait_for(live):
    answer = live.app.test_client().get("/poll/home?since_id=0")

    assert answer.status_code == 401
    assert answer.json == {"error": "You're logged out. Log in to continue."}


def test_a_poll_names_what_is_known(live):
    for query in ("", "?since_id=", "?since_id=x", "?since_id=-1"):
        answer = live.app.test_client().get(f"/poll/public{query}")

        assert answer.status_code == 400, query
        assert list(answer.json["details"]) == ["since_id"]


def test_a_live_process_knows_polls_and_health_alone(live):
    for path in ("/", "/home", "/static/kwip.js", "/api/v1/instance"):
        answer = live.app.test_client().get(path)

        assert answer.status_code == 404, path
        assert answer.json == {"error": "There's nothing at this address."}
    assert live.app.test_client().get("/readyz").status_code == 200


def test_a_web_process_says_where_polls_belong(app, wiring, alice):
    for place in ("home", "public", "page"):
        query = "since_id=0&unread=0"
        answer = sign_in(app, wiring, alice).get(f"/poll/{place}?{query}")

        assert answer.status_code == 503, place
        assert answer.headers["Retry-After"] == "60"
        assert "Route /poll/ to it" in answer.json["error"]


def test_the_sites_own_pages_may_poll_from_their_port(live, alice):
    alice.say("Hello")
    for path, status in {"/poll/public?since_id=0": 200, "/poll/public": 400}.items():
        answer = live.app.test_client().get(path, headers={"Origin": ORIGIN})

        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Origin" in answer.vary


def test_no_other_origin_may_poll(live):
    for origin in (
        None,
        "null",
        "http://127.0.0.1:8001",
        "https://127.0.0.1:8000",
        "*",
    ):
        headers = {} if origin is None else {"Origin": origin}
        answer = live.app.test_client().get("/poll/public", headers=headers)

        assert not [name for name, _ in answer.headers if "Access-Control" in name]
        assert "Origin" in answer.vary


def test_the_pages_own_origin_is_allowed_nowhere_else(app):
    answer = app.test_client().get("/", headers={"Origin": ORIGIN})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("environ", "told", "allowed"),
    [
        ({}, 'data-live="http://127.0.0.1:8001"', "'self' http://127.0.0.1:8001;"),
        ({"KWIP_LIVE_ORIGIN": "same"}, 'data-live=""', "'self';"),
        ({"KWIP_LIVE_PORT": "0"}, "<body>", "'self';"),
        ({"KWIP_ORIGIN": "https://k.example"}, 'data-live=""', "'self';"),
    ],
)
def test_a_page_knows_where_to_poll(wiring, settings, environ, told, allowed):
    chosen = load({"KWIP_HOME": str(settings.home), **environ})
    answer = create_app(wiring, chosen).test_client().get("/")

    assert told in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert f"connect-src {allowed}" in policy


def test_what_is_no_poll_is_refused_before_its_body_comes(make_live):
    process = make_live()

    class Silent(io.BytesIO):
        def read(self, _size=-1):
            raise AssertionError("the body was read")

    answer = process.app.test_client().post(
        "/poll/home",
        input_stream=Silent(),
        environ_overrides={"CONTENT_LENGTH": "100"},
    )

    assert answer.status_code == 405


def test_a_page_learns_of_other_results_of_the_polls_it_shows(live, alice, bob, follow):
    asked = {"options": ["Rye", "Wheat"], "expires_in": 300}
    public = bob.say("Which?", poll=asked)["id"]
    secret = bob.say("Which one?", poll=asked, visibility="direct")["id"]
    query = f"shown[]={public}&shown[]={secret}&wait=0"

    def changed(state):
        states = "".join(f"&polls[{i}]={state}" for i in (public, secret))
        return live.app.test_client().get(f"/poll/page?{query}{states}").json

    assert changed("1.0.0") is None
    alice.post(f"/api/v1/polls/{public}/votes", json={"choices": [1]})
    assert changed("1.0.0") == {"polls": [public]}
    assert changed("1.1.0") is None
