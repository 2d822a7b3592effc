"""What the API and the pages say and do about quotas, and whom they charge."""

from __future__ import annotations

import datetime as dt
import io
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from prometheus_client import REGISTRY

from kwip.app import create_app
from kwip.blueprints import routes
from kwip.blueprints.api import empty, policies
from kwip.cache import keys
from kwip.cache.rate_limits import RateLimitWindows
from kwip.services.accounts.authentication import Credential
from kwip.services.accounts.users import Users
from kwip.services.coherence.probes import Probe
from kwip.store.social import relationships
from kwip.store.social.relations import read_relations
from kwip.wiring import Options, build
from tests.conversations import grow
from tests.people import People, sign_in
from tests.pictures import plain
from tests.servers import settings_in

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
HOME, PUBLIC = "/api/v1/timelines/home", "/api/v1/timelines/public"
FORM = "application/x-www-form-urlencoded"
WIDGET = "/api/widgets/v1/public"


class Limited:
    """An app with quotas, and somebody who uses it."""

    def __init__(self, wiring, settings, name):
        self.wiring = wiring
        self.app = create_app(wiring, settings)
        self.alice = People(self.app, wiring)(name)

    def get(self, path, address="10.0.0.1", **headers):
        client = self.app.test_client(use_cookies=False)
        where = {"REMOTE_ADDR": address}
        return client.get(path, headers=headers, environ_base=where)

    def charged(self, window, whose):
        """Count what is in a window."""
        lease = self.wiring.fence.lease()
        name = keys.full(lease.deployment, keys.quota(window, whose))
        uri = self.wiring.endpoints.redis_cache_uri
        with redis.Redis.from_url(uri) as raw:
            return raw.llen(name)


@pytest.fixture
def limited(tmp_path, endpoints):
    """Return a function that makes an app with some limits."""
    made = []

    def make(redis_cache_uri=None, proxies=0, **limits):
        environ = {f"KWIP_QUOTA_{n.upper()}": str(v) for n, v in limits.items()}
        environ["KWIP_TRUSTED_PROXIES"] = str(proxies)
        settings = settings_in(tmp_path / "home", **environ)
        options = Options(enqueue=lambda *_: None)
        wiring = build(settings, endpoints, role="web", options=options)
        made.append(wiring)
        assert wiring.fence.await_lease(within_s=30)
        return Limited(wiring, settings, "alice" if len(made) == 1 else "another")

    yield make
    for wiring in made:
        wiring.close()


@pytest.fixture
def charges(monkeypatch):
    """Return what was charged in calls of its own."""
    charge, made = RateLimitWindows.charge, []

    def counted(rate_limits, deployment, terms):
        made.append(terms)
        return charge(rate_limits, deployment, terms)

    monkeypatch.setattr(RateLimitWindows, "charge", counted)
    return made


def told(answer):
    return [answer.headers.get(name) for name in HEADERS]


def number_of(series, quota):
    return REGISTRY.get_sample_value(series, {"quota": quota}) or 0


def test_the_page_of_the_setup_is_charged_before_mongodb_is_asked(limited):
    kwip = limited(pages_address=2)

    assert [kwip.get("/setup").status_code for _ in range(3)] == [404, 404, 429]


def test_an_answer_of_the_api_says_what_is_left(limited):
    kwip = limited(api_user=9, api_token=5)
    found = [told(kwip.alice.get(HOME)) for _ in range(2)]

    assert [(limit, left) for limit, left, _ in found] == [("5", "4"), ("5", "3")]
    reset = dt.datetime.fromisoformat(found[0][2])
    rest = reset - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=4) < rest <= dt.timedelta(minutes=5)


def test_one_request_too_many_is_429_and_says_when(limited):
    kwip = limited(api_user=2)
    for _ in range(2):
        assert kwip.alice.get(HOME).status_code == 200
    answer = kwip.alice.get(HOME)

    assert answer.status_code == 429
    assert answer.json == {"error": "Too many requests. Try again in 5 minutes."}
    assert told(answer)[:2] == ["2", "0"]
    assert 240 < int(answer.headers["Retry-After"]) <= 300
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_user_with_many_tokens_has_one_quota_and_each_token_its_own(limited):
    kwip = limited(api_user=3, api_token=2)
    alice = kwip.alice
    other = {"Authorization": f"Bearer {alice.reading_token}"}
    numbers = [alice.get(HOME).status_code for _ in range(3)]
    numbers += [alice.get(HOME, headers=other).status_code for _ in range(2)]

    assert numbers == [200, 200, 429, 200, 429]


@pytest.mark.parametrize(
    "path",
    [PUBLIC, "/api/v1/accounts/1", "/api/v1/accounts/lookup", HOME, "/api/v1/nowhere"],
)
def test_whoever_shows_no_token_is_charged_by_address_also_for_errors(limited, path):
    kwip = limited(api_address=2)
    answers = [kwip.get(path) for _ in range(3)]

    assert [told(answer)[:2] for answer in answers] == [
        ["2", "1"],
        ["2", "0"],
        ["2", "0"],
    ]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert kwip.get(path, address="10.0.0.2").status_code != 429


@pytest.mark.parametrize("authorization", ["Bearer {}.guessed", "Bearer nonsense"])
def test_a_forged_token_is_charged_to_the_address_only(limited, authorization):
    kwip = limited(api_user=9, api_token=9, api_address=2)
    forged = authorization.format(kwip.alice.id)
    credential = Credential("token", kwip.alice.user.id, "guessed")
    answers = [kwip.get(HOME, Authorization=forged) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert told(answers[0])[:2] == ["2", "1"]
    assert kwip.charged("api_address", "10.0.0.1") == 2
    assert kwip.charged("api_user", kwip.alice.id) == 0
    assert kwip.charged("api_token", credential.id.digest) == 0


def test_a_forged_token_for_a_write_is_charged_to_the_address_too(limited):
    kwip = limited(api_user=9, posts=9, api_address=2)
    client = kwip.app.test_client(use_cookies=False)
    forged = {"Authorization": f"Bearer {kwip.alice.id}.guessed"}
    numbers = [
        client.post("/api/v1/statuses", headers=forged).status_code for _ in range(3)
    ]

    assert numbers == [401, 401, 429]
    assert kwip.charged("posts", kwip.alice.id) == 0


def test_a_good_token_is_charged_to_its_user_also_when_it_is_not_cached(limited):
    kwip = limited(api_user=9, api_token=8, api_address=1)
    found = [told(kwip.alice.get(HOME))[:2] for _ in range(3)]

    assert found == [["8", "7"], ["8", "6"], ["8", "5"]]
    assert kwip.charged("api_user", kwip.alice.id) == 3
    assert kwip.charged("api_address", "127.0.0.1") == 0


def test_a_good_token_that_is_not_cached_may_be_too_many_too(limited, endpoints):
    kwip = limited(api_user=1)
    kwip.alice.get(HOME)
    with redis.Redis.from_url(endpoints.redis_cache_uri) as raw:
        raw.delete(*raw.scan_iter("kw:*{token:*"))

    answer = kwip.alice.get(HOME)

    assert (answer.status_code, told(answer)[:2]) == (429, ["1", "0"])


@pytest.mark.parametrize(
    ("limits", "ask"),
    [
        ({"posts": 2}, lambda a: a.post("/api/v1/statuses", json={"status": "hi"})),
        ({"posts": 2}, lambda a: a.ask("PUT", "/api/v1/statuses/1")),
        ({"deletes": 2}, lambda a: a.ask("DELETE", "/api/v1/statuses/1")),
        ({"follows": 2}, lambda a: a.post("/api/v1/accounts/1/follow")),
        ({"api_user": 2}, lambda a: a.post("/api/v1/accounts/1/mute")),
    ],
)
def test_each_kind_of_write_has_its_quota(limited, limits, ask):
    kwip = limited(**limits)
    answers = [ask(kwip.alice) for _ in range(3)]

    assert [a.status_code == 429 for a in answers] == [False, False, True]
    assert [told(a)[:2] for a in answers] == [["2", "1"], ["2", "0"], ["2", "0"]]


def test_a_write_is_charged_to_the_api_too(limited):
    kwip = limited(api_user=1, posts=9)
    kwip.alice.say("hi")

    assert kwip.alice.get(HOME).status_code == 429


def test_what_nothing_limits_says_nothing(limited):
    kwip = limited()

    for answer in (kwip.alice.get(HOME), kwip.get(PUBLIC), kwip.get("/api/v1/nowhere")):
        assert told(answer) == [None] * 3
    assert kwip.charged("api_user", kwip.alice.id) == 0


def test_a_preflight_is_neither_charged_nor_told(limited):
    kwip = limited(api_address=1)
    client = kwip.app.test_client(use_cookies=False)
    answers = [client.options(PUBLIC) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [told(answer) for answer in answers] == [[None] * 3] * 3


def test_a_widget_is_429_in_json_and_tells_shared_caches_nothing(limited):
    kwip = limited(api_address=1)
    answers = [kwip.get(WIDGET) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert told(answers[0]) == [None] * 3
    assert answers[1].json["error"].startswith("Too many requests")
    assert answers[1].headers["Access-Control-Allow-Origin"] == "*"
    assert answers[1].headers["Cache-Control"] == "no-store"


def test_a_page_too_many_says_when_to_come_back(limited):
    kwip = limited(pages_address=1, pages_user=2)
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)
    numbers = [kwip.get("/").status_code for _ in range(2)]
    answers = [browser.get("/home") for _ in range(3)]

    assert numbers == [200, 429]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Try again in 5 minutes." in answers[2].text
    assert "doing that too often" in answers[2].text
    assert answers[2].headers["Retry-After"]
    assert told(answers[2]) == [None] * 3


def test_a_refused_form_keeps_its_text_to_be_sent_again(limited):
    kwip = limited(posts=1)
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)
    form = {"csrf_token": browser.form_token, "visibility": "unlisted"}
    browser.post("/compose", data={**form, "text": "one", "key": "1" * 32})
    answer = browser.post("/compose", data={**form, "text": "two", "key": "2" * 32})

    assert answer.status_code == 429
    assert ">\ntwo</textarea>" in answer.text
    assert 'name="key" value="' + "2" * 32 in answer.text
    assert 'name="visibility" value="unlisted"' in answer.text
    assert "Send again" in answer.text
    assert "readonly" not in answer.text


def test_each_file_of_a_form_is_charged_as_an_upload(limited):
    kwip = limited(media=2)
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)
    files = [(io.BytesIO(plain("PNG", size=(n + 9, 9))), "me.png") for n in range(3)]
    form = {"csrf_token": browser.form_token, "key": "1" * 32, "text": "Look"}
    answer = browser.post("/compose", data={**form, "file": files})

    assert answer.status_code == 422
    assert "Too many requests." in answer.text
    assert kwip.charged("media", kwip.alice.id) == 2
    assert answer.text.count('name="media_ids[]"') == 2


def test_a_form_of_a_session_that_has_ended_is_charged_to_its_address(limited):
    kwip = limited(pages_address=2, pages_user=9, posts=9)
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)
    kwip.wiring.services.moderation.sign_out_everywhere(
        kwip.alice.user.id, ends_tokens=False
    )
    form = {"csrf_token": browser.form_token, "key": "1" * 32}
    numbers = [browser.post("/compose", data=form).status_code for _ in range(3)]

    assert numbers == [303, 303, 429]
    assert kwip.charged("pages_user", kwip.alice.id) == 0


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ({"data": {"csrf_token": "nonsense"}}, 403),
        ({"data": "&" * 500, "content_type": FORM}, 413),
    ],
    ids=["its token", "its length"],
)
def test_a_form_that_is_refused_is_charged_to_whoever_sent_it(limited, sent, number):
    kwip = limited(pages_user=2)
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)
    numbers = [browser.post("/compose", **sent).status_code for _ in range(3)]

    assert numbers == [number, number, 429]


def test_a_good_form_is_charged_in_one_call(limited, charges):
    kwip = limited(pages_user=9, pages_address=9, posts=9)
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)
    form = {"csrf_token": browser.form_token, "text": "hi", "key": "1" * 32}

    assert browser.post("/compose", data=form).status_code == 303
    assert len(charges) == 1
    assert kwip.charged("posts", kwip.alice.id) == 1


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "10.0.0.9", "10.0.0.1"),
        (1, "10.0.0.9", "10.0.0.9"),
        (1, "10.0.0.8, 10.0.0.9", "10.0.0.9"),
        (2, "10.0.0.8, 10.0.0.9", "10.0.0.8"),
        (1, "2001:db8:1:2::3", "2001:db8:1:2::"),
        (1, "nonsense", "unknown"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    limited, proxies, forwarded, address
):
    kwip = limited(proxies=proxies, api_address=9)
    kwip.get(PUBLIC, **{"X-Forwarded-For": forwarded})

    assert kwip.charged("api_address", address) == 1


def test_without_redis_requests_are_let_through_and_counted(limited, endpoints):
    kwip = limited(api_user=1, api_address=1, pages_address=1, posts=1)
    kwip.alice.get(HOME)
    series = "kwip_rate_limit_errors_total"
    before = [number_of(series, quota) for quota in ("api", "pages", "posts")]
    kwip.wiring.cache._factory.connection_kwargs["path"] = "/nowhere"
    kwip.wiring.cache.close()

    answers = [kwip.alice.get(HOME), kwip.get(PUBLIC), kwip.get("/")]
    answers.append(kwip.alice.ask("PUT", "/api/v1/statuses/1", json={"status": "a"}))

    assert [a.status_code for a in answers] == [200, 200, 200, 404]
    assert [told(a) for a in answers] == [[None] * 3] * 4
    after = [number_of(series, quota) for quota in ("api", "pages", "posts")]
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 1, 1]


def test_a_refusal_is_counted(limited):
    kwip = limited(api_user=1)
    before = number_of("kwip_rate_limit_refusals_total", "api")
    for _ in range(3):
        kwip.alice.get(HOME)

    assert number_of("kwip_rate_limit_refusals_total", "api") == before + 2


@pytest.mark.parametrize(
    "path", [HOME, PUBLIC, WIDGET, "/", "/@alice", "/api/v1/instance"]
)
def test_charging_costs_no_round_trip_of_its_own(limited, endpoints, path):
    limits = dict.fromkeys(("api_user", "api_token", "api_address"), 99)
    limits |= dict.fromkeys(("pages_user", "pages_address"), 99)
    costs = []
    for each in ({}, limits):
        kwip = limited(**each)
        ask = kwip.alice.get if path == HOME else kwip.get
        ask(path)  # a new server learns the scripts once
        with redis.Redis.from_url(endpoints.redis_cache_uri) as raw:
            raw.flushdb()
        for _ in range(2):
            before = kwip.wiring.cache.round_trips
            assert ask(path).status_code == 200
            costs.append(kwip.wiring.cache.round_trips - before)

    assert costs[:2] == costs[2:]


def test_threads_that_wait_for_the_same_load_are_charged_too(
    limited, endpoints, monkeypatch
):
    kwip = limited(pages_user=3, pages_address=99)
    browsers = [sign_in(kwip.app, kwip.wiring, kwip.alice)] * 6

    def slow(load):
        def load_slowly(*what):
            time.sleep(0.3)  # the other threads come to wait for this one
            return load(*what)

        return load_slowly

    sessions = kwip.wiring.stores.sessions
    monkeypatch.setattr(sessions, "find", slow(sessions.find))
    monkeypatch.setattr(relationships, "read_relations", slow(read_relations))
    with redis.Redis.from_url(endpoints.redis_cache_uri) as raw:
        raw.flushdb()
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(each.get, "/settings/privacy") for each in browsers]
        codes = sorted(each.result().status_code for each in asked)

    assert codes == [200] * 3 + [429] * 3
    assert kwip.charged("pages_user", kwip.alice.id) == 3


def long_thread(kwip, replies=60):
    """Let somebody begin a conversation with that many replies; give its id."""
    root = kwip.alice.say("root")["id"]
    grow(kwip.wiring.store.database, int(root), [0] * replies)
    return root


def forget(endpoints, pattern):
    with redis.Redis.from_url(endpoints.redis_cache_uri) as raw:
        for key in raw.scan_iter(pattern):
            raw.delete(key)


def test_a_page_is_charged_for_what_it_reads_and_a_kept_one_once(limited, endpoints):
    kwip = limited(pages_address=99)
    path = f"/@alice/{long_thread(kwip)}"
    found = []
    for forgotten in ("kw:*{[^q]*", "kw:*{none*", "kw:*{page:*"):
        forget(endpoints, forgotten)
        before = kwip.charged("pages_address", "10.0.0.1")
        assert kwip.get(path).status_code == 200
        kwip.alice.get(HOME)  # by the same connection, so it comes after the charge
        found.append(kwip.charged("pages_address", "10.0.0.1") - before)

    # 42 kwips, a conversation and their author: loaded, kept, read from the cache.
    assert found == [3, 1, 2]


def test_what_is_left_to_an_app_tells_of_its_work(limited):
    kwip = limited(api_user=500, api_token=99, api_address=99)
    path = f"/api/v1/statuses/{long_thread(kwip, 400)}/context"
    digest = Credential.parse("token", kwip.alice.token).id.digest
    before = kwip.charged("api_token", digest)
    answers = [kwip.alice.get(path), kwip.alice.get(HOME)]
    charged = kwip.charged("api_token", digest)

    lefts = [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers]
    assert len(answers[0].json["descendants"]) == 400
    assert charged - before == 2 + 4  # 800 read and loaded, 200 for each charge
    assert lefts == [99 - charged + 1, 99 - charged]
    assert kwip.charged("api_user", kwip.alice.id) == charged
    assert kwip.charged("api_address", "127.0.0.1") == 0


def test_work_is_charged_to_who_did_it_and_not_as_a_post(limited):
    kwip = limited(pages_user=99, pages_address=99, posts=9, api_user=9)
    path = f"/@alice/{long_thread(kwip)}"
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)
    form = {"csrf_token": browser.form_token, "text": "hi", "key": "1" * 32}
    assert browser.get(path).status_code == 200
    assert browser.post("/compose", data=form).status_code == 303

    assert kwip.charged("pages_user", kwip.alice.id) == 4
    assert kwip.charged("posts", kwip.alice.id) == 2
    assert kwip.charged("pages_address", "127.0.0.1") == 0


def test_whoever_asks_for_dear_pages_alone_is_stopped_sooner(limited, endpoints):
    kwip = limited(pages_address=30)
    path = f"/@alice/{long_thread(kwip, 200)}"
    part, numbers = path, []
    while 429 not in numbers:
        answer = kwip.get(part)
        numbers.append(answer.status_code)
        more = re.search(r'href="([^"]+after=\d+)', answer.text)
        part = more[1] if more else path
        forget(endpoints, "kw:*{page:*")

    assert 10 < len(numbers) <= 16


def test_charging_for_work_costs_no_round_trip(limited, endpoints):
    costs = []
    for limits in ({}, {"pages_address": 99}):
        kwip = limited(**limits)
        path = f"/@{kwip.alice.user.username}/{long_thread(kwip)}"
        for _ in range(3):
            forget(endpoints, "kw:*{page:*")
            before = kwip.wiring.cache.round_trips
            assert kwip.get(path).status_code == 200
            costs.append(kwip.wiring.cache.round_trips - before)

    assert kwip.charged("pages_address", "10.0.0.1") > 3
    assert costs[:3] == costs[3:]
    assert costs[1:3] == [3, 3]


def test_only_what_asks_no_server_is_unlimited():
    unlimited = {
        row.rule
        for area in ("api", "widgets", "web")
        for row in routes.AREAS[area]
        if row.policy.quota == "none"
    }

    assert unlimited == {
        *("/api/v1/instance", "/api/v2/instance", "/api/widgets/v1/schema.json"),
        *(row.rule for row in empty.ROUTES if row.policy == policies.ANYBODY),
        "/api/v1/instance/extended_description",
        "/api/v1/instance/privacy_policy",
        "/api/v1/instance/rules",
        "/api/v1/instance/terms_of_service",
    }


def form(**fields):
    return {"method": "POST", "data": fields}


@pytest.fixture
def broken(monkeypatch):
    """Return the address of a page that always fails by a defect of ours."""

    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(Users, "id_of", fail)
    monkeypatch.setattr(Users, "by_name", fail)
    return "/@alice"


#: What fails before it asks Redis anything.
FAILING = [
    ("/nowhere", {}, 404),
    ("/logout", {}, 405),
    ("/nowhere", {"method": "OPTIONS"}, 404),
    ("/login", {"method": "SPOIL"}, 405),
    ("/assets/nothing.js", {}, 404),
    ("/static/nothing.css", {}, 404),
    ("/media/nothing.webp", {}, 404),
    ("/livez/nothing", {}, 404),
    ("/login?next=%00", {}, 400),
    ("/?repeats[]=x", {}, 400),
    ("/signup", form(), 403),
    ("/login", form(login="a"), 403),
    ("/login", {"method": "POST", "data": "&" * 500, "content_type": FORM}, 413),
    ("/compose", form(text="a"), 401),
    ("/setup", form(code="a"), 403),
    ("/poll/public?since_id=x", {}, 400),
]


@pytest.mark.parametrize(("path", "sent", "number"), FAILING)
def test_a_request_that_fails_is_charged_to_its_address(limited, path, sent, number):
    kwip = limited(pages_address=2)
    client = kwip.app.test_client(use_cookies=False)

    def ask(address):
        where = {"environ_overrides": {"REMOTE_ADDR": address}}
        return client.open(path, **sent, **where).status_code

    assert [ask("10.0.0.1") for _ in range(3)] == [number, number, 429]
    assert kwip.charged("pages_address", "10.0.0.1") == 2
    assert ask("10.0.0.2") == number


def test_a_defect_of_ours_is_charged_to_whoever_finds_it(limited, broken):
    kwip = limited(pages_address=2)

    assert [kwip.get(broken).status_code for _ in range(3)] == [500, 500, 429]


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"login": "alice", "password": "wrong"}, 401),
        ({"login": "alice"}, 422),
        ({"login": "alice", "password": "a\0b"}, 400),
    ],
)
def test_a_failed_sign_in_is_charged_as_a_request_too(limited, fields, number):
    kwip = limited(pages_address=3)
    client = kwip.app.test_client()
    page = client.get("/login").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    codes = [
        client.post("/login", data={"csrf_token": token, **fields}).status_code
        for _ in range(3)
    ]

    assert codes == [number, number, 429]


def test_a_failed_request_of_somebody_signed_in_is_charged_once(limited):
    kwip = limited(pages_user=9, pages_address=9)
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)

    assert browser.get("/nowhere").status_code == 404
    assert browser.get("/login?next=%00").status_code == 400
    assert browser.post("/compose", data={}).status_code == 403
    assert kwip.charged("pages_user", kwip.alice.id) == 2
    assert kwip.charged("pages_address", "127.0.0.1") == 1


def test_the_forms_to_sign_in_and_up_are_charged(limited):
    kwip = limited(pages_address=2)
    codes = [kwip.get(path).status_code for path in ("/login", "/signup", "/login")]

    assert codes == [200, 200, 429]


def test_what_succeeds_makes_no_call_only_to_be_charged(limited, charges):
    kwip = limited(pages_user=9, pages_address=9, api_address=9, api_user=9, posts=9)
    browser = sign_in(kwip.app, kwip.wiring, kwip.alice)
    kwip.alice.say("hi")
    charges.clear()
    for path in ("/", "/@alice", "/livez", "/robots.txt", "/static/tokens.css", PUBLIC):
        with kwip.get(path) as answer:
            assert (path, answer.status_code) == (path, 200)
    for path in ("/home", "/login", "/settings/profile", "/settings/appearance"):
        assert browser.get(path).status_code in {200, 303}
    assert kwip.alice.get(HOME).status_code == 200

    assert charges == []


def test_a_probe_that_is_not_ready_is_not_charged(limited, charges):
    kwip = limited(pages_address=2)
    kwip.wiring.probes["mongodb"] = lambda: Probe(ok=False, detail="", is_needed=True)

    assert [kwip.get("/readyz").status_code for _ in range(4)] == [503] * 4
    assert charges == []


def test_a_search_of_a_widget_costs_its_address_several_requests(limited):
    kwip = limited(api_address=99)

    def cost(query):
        before = kwip.charged("api_address", "10.0.0.1")
        answer = kwip.get(f"/api/widgets/v1/search?q={query}")
        assert answer.status_code == 200
        return kwip.charged("api_address", "10.0.0.1") - before

    assert [cost("tea"), cost("tea"), cost("cake")] == [5, 1, 5]
