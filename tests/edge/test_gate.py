from __future__ import annotations

import io
import logging

import pytest
import structlog
from prometheus_client import REGISTRY

import kwip
from config.settings import PROJECT, load
from kwip.app import create_app
from kwip.domain.errors import (
    ConflictError,
    GoneError,
    KwipError,
    RateLimitedError,
    StoreUnavailableError,
)
from tests.people import sign_in

CORS_EXPOSED = {"Link", "X-RateLimit-Limit", "X-Request-Id"}


def raising(monkeypatch, wiring, error):
    """Let every look at a user's name end in an error."""

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(type(wiring.services.users), "by_name", fail)
    monkeypatch.setattr(type(wiring.services.users), "id_of", fail)


@pytest.fixture
def proxied(wiring, settings):
    """Return a client whose requests come through a proxy of ours."""
    environ = {"KWIP_HOME": str(settings.home), "KWIP_TRUSTED_PROXIES": "1"}
    return create_app(wiring, load(environ)).test_client(use_cookies=False)


@pytest.mark.parametrize("asked", ["a", "0123-abc.DEF_x", "x" * 64])
def test_the_request_id_of_our_proxy_is_kept(proxied, asked):
    answer = proxied.get("/livez", headers={"X-Request-Id": asked})

    assert answer.headers["X-Request-Id"] == asked


@pytest.mark.parametrize("path", ["/livez", "/public.rss"])
def test_nobody_else_chooses_the_request_id(client, path):
    answer = client.get(path, headers={"X-Request-Id": "a"})

    assert len(answer.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize("asked", ["", "x" * 65, "a b", "a\tb", "ä", "<script>"])
def test_another_request_id_is_replaced(proxied, asked):
    answer = proxied.get("/livez", headers={"X-Request-Id": asked})

    assert len(answer.headers["X-Request-Id"]) == 32
    assert answer.headers["X-Request-Id"].isalnum()


def test_two_requests_have_different_ids(client):
    ids = {client.get("/livez").headers["X-Request-Id"] for _ in range(2)}

    assert len(ids) == 2


def test_each_request_is_one_line_in_the_log(alice):
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        answer = alice.get("/api/v1/timelines/home?secret=1")
        alice.get("/nowhere")

    first, second = [line for line in lines if line["event"] == "request"]
    assert first["ms"] >= 0
    assert first == first | {
        "method": "GET",
        "path": "/api/v1/timelines/home",
        "route": "/api/v1/timelines/home",
        "status": 200,
        "request_id": answer.headers["X-Request-Id"],
        "client": "127.0.0.1",
        "viewer_id": alice.user.id,
    }
    assert second == second | {"route": "unmatched", "status": 404}
    assert "viewer_id" not in second
    assert "secret" not in repr(lines)
    assert alice.token.split(".")[1] not in repr(lines)


@pytest.mark.parametrize(
    ("shown", "address", "expected"),
    [
        ("full", "192.0.2.17", "192.0.2.17"),
        ("network", "192.0.2.17", "192.0.2.0/24"),
        ("network", "2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("network", "::ffff:192.0.2.17", "192.0.2.0/24"),
        ("none", "192.0.2.17", None),
    ],
)
def test_the_log_has_as_much_of_an_address_as_is_set(
    wiring, settings, shown, address, expected
):
    environ = {"KWIP_HOME": str(settings.home), "KWIP_LOG_CLIENTS": shown}
    client = create_app(wiring, load(environ)).test_client(use_cookies=False)
    with structlog.testing.capture_logs() as lines:
        for path in ("/livez", "/public.rss", "/public.rss"):  # the last is cached
            client.get(path, environ_base={"REMOTE_ADDR": address})

    requests = [line for line in lines if line["event"] == "request"]
    assert [line.get("client") for line in requests] == [expected] * 3


def test_a_request_without_permission_is_counted_by_its_rule(client, alice):
    def denied(rule):
        name = "kwip_authz_denied_total"
        return REGISTRY.get_sample_value(name, {"rule": rule}) or 0

    rules = ("credential", "form_token")
    before = [denied(rule) for rule in rules]
    client.get("/api/v1/timelines/home")
    client.post("/login", data={"login": "alice", "password": "x"})

    assert [denied(rule) for rule in rules] == [count + 1 for count in before]


def test_each_request_is_counted_by_its_route(client):
    labels = {"route": "/livez", "method": "GET", "status_class": "2xx"}
    odd = {"route": "unmatched", "method": "other", "status_class": "4xx"}
    before = [count(labels), count(odd)]

    client.get("/livez/")
    client.open("/nowhere", method="SPOIL")

    assert [count(labels), count(odd)] == [before[0] + 1, before[1] + 1]
    seconds = REGISTRY.get_sample_value(
        "kwip_http_request_duration_seconds_sum", labels
    )
    assert seconds > 0


def count(labels):
    return REGISTRY.get_sample_value("kwip_http_requests_total", labels) or 0


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api/v1/instance", "/api/nowhere", "/static/tokens.css"]
)
def test_every_answer_has_the_headers_of_security(client, path):
    with client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "img-src 'self' http://127.0.0.1:8000;" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_a_cookie_over_http_is_not_secure_and_over_https_is(wiring, alice, settings):
    secure = load({"KWIP_HOME": str(settings.home), "KWIP_ORIGIN": "https://k.example"})

    plain_cookie = cookie_of(create_app(wiring, settings), wiring, alice)
    app = create_app(wiring, secure)
    secure_cookie = cookie_of(app, wiring, alice)

    assert "Secure" not in plain_cookie
    assert "Secure" in secure_cookie
    for cookie in (plain_cookie, secure_cookie):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie
        assert "Expires" in cookie
    headers = app.test_client().get("/livez").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def cookie_of(app, wiring, person):
    """Return the Set-Cookie line of a log-in through the page."""
    browser = sign_in(app, wiring, person)
    answer = browser.post(
        "/login",
        data={
            "csrf_token": browser.form_token,
            "login": person.user.username,
            "password": "correct horse battery",
        },
        base_url="https://localhost" if app.config["SESSION_COOKIE_SECURE"] else None,
    )
    return answer.headers["Set-Cookie"]


def test_two_ports_of_one_host_have_two_cookies(wiring, settings):
    other = load({"KWIP_HOME": str(settings.home), "KWIP_PORT": "8001"})

    names = {
        create_app(wiring, each).config["SESSION_COOKIE_NAME"]
        for each in (settings, other)
    }

    assert len(names) == 2


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    ["/api/v1/instance", "/api/v1/timelines/home", "/api/v1/nowhere", "/api", "/api/"],
)
def test_the_api_is_open_to_every_origin_on_errors_too(client, method, path):
    headers = client.open(path, method=method).headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    assert set(exposed) >= CORS_EXPOSED


def test_a_preflight_is_answered_before_authentication(client):
    answer = client.options(
        "/api/v1/statuses",
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,idempotency-key",
        },
    )

    assert answer.status_code == 200
    allowed = answer.headers["Access-Control-Allow-Headers"]
    assert allowed == "Authorization, Content-Type, Idempotency-Key"
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]


def test_a_page_is_not_open_to_other_origins(client):
    assert "Access-Control-Allow-Origin" not in client.get("/").headers


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api", "/livez/x"])
def test_an_unknown_address_of_the_api_is_404_in_json(client, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json == {"error": "There's nothing at this address."}
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_unknown_address_is_a_page_for_people(client):
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "Page not found" in answer.text


def test_a_method_that_a_route_does_not_take_is_405(client):
    answer = client.delete("/api/v1/instance")

    assert answer.status_code == 405
    assert answer.json["error"]
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("content_type", ["application/json", "x/y", "text/plain"])
def test_a_body_that_is_too_large_is_413(alice, content_type):
    answer = alice.post(
        "/api/v1/statuses", data=b"x" * 300_000, content_type=content_type
    )

    assert answer.status_code == 413
    assert answer.json["error"] == (
        "The request is too large. Send a smaller file or less text."
    )


def test_a_body_that_does_not_say_its_length_is_413_too(alice):
    answer = alice.post(
        "/api/v1/statuses",
        input_stream=io.BytesIO(b"x" * 300_000),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/api/v1/accounts/lookup?acct=a", "/@alice"])
def test_a_mistake_of_ours_is_500_without_its_traceback(
    client, wiring, monkeypatch, path
):
    raising(monkeypatch, wiring, ZeroDivisionError("at the secret place"))

    with structlog.testing.capture_logs() as lines:
        answer = client.get(path)

    assert answer.status_code == 500
    assert "secret place" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-Id"]
    failed = next(line for line in lines if line["event"] == "request_failed")
    assert isinstance(failed["exc_info"][1], ZeroDivisionError)


def test_the_log_of_flask_says_nothing_of_it_again(client, wiring, monkeypatch, caplog):
    raising(monkeypatch, wiring, ZeroDivisionError())

    with caplog.at_level(logging.DEBUG):
        client.get("/@alice")

    assert "Exception on" not in caplog.text


@pytest.mark.parametrize(
    ("error", "page_number", "api_number"),
    [
        (GoneError("m"), 410, 404),
        (ConflictError("m"), 409, 409),
        (RateLimitedError("m", retry_after_s=1.2), 429, 429),
        (StoreUnavailableError(event="e", code="c", reason="r"), 503, 503),
        (KwipError("m"), 500, 500),
    ],
)
def test_each_error_has_its_number(
    client, wiring, monkeypatch, error, page_number, api_number
):
    raising(monkeypatch, wiring, error)

    page = client.get("/@alice")
    problem = client.get("/api/v1/accounts/lookup?acct=alice")

    assert page.status_code == page_number
    assert page.mimetype == "text/html"
    assert problem.status_code == api_number
    assert problem.json == {"error": error.message}
    retry = {429: "2", 503: "2"}.get(page_number)
    assert page.headers.get("Retry-After") == retry
    assert problem.headers.get("Retry-After") == retry


def test_an_error_page_is_made_without_asking_who_is_signed_in(
    app, wiring, alice, monkeypatch
):
    browser = sign_in(app, wiring, alice)

    def fail(*_, **__):
        raise StoreUnavailableError

    monkeypatch.setattr(type(wiring.services.authentication), "open", fail)

    assert browser.get("/home").status_code == 503
    assert browser.get("/nowhere").status_code == 503


def test_a_file_may_be_kept_for_an_hour_and_a_page_by_its_reader(client):
    with client.get("/static/tokens.css") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/").headers["Cache-Control"] == "private, no-cache"
    assert client.get("/assets/kwip.css").headers["Cache-Control"] == "no-store"
    assert client.get("/livez").headers["Cache-Control"] == "no-store"


def test_a_reader_who_has_the_answer_already_gets_304(alice):
    alice.say("hello")
    first = alice.get("/api/v1/timelines/home")
    again = {"If-None-Match": f"W/{first.headers['ETag']}"}

    second = alice.get("/api/v1/timelines/home", headers=again)

    assert second.status_code == 304
    assert second.data == b""
    assert second.headers["ETag"] == first.headers["ETag"]
    alice.say("more")
    assert alice.get("/api/v1/timelines/home", headers=again).status_code == 200


def test_the_version_is_the_packages(client):
    assert f'version = "{kwip.__version__}"' in (PROJECT / "pyproject.toml").read_text()
    assert client.get("/api/v1/instance").json["version"] == (
        f"4.5.0 (compatible; Kwip {kwip.__version__})"
    )


@pytest.mark.parametrize(
    "how",
    [
        {"errorCode": 20_000},
        {"writeConcernError": {"code": 64, "errmsg": "not replicated"}},
    ],
    ids=str,
)
def test_a_write_of_which_mongodb_says_something_unknown_may_be_repeated(
    alice, fail_commands, how
):
    fail_commands.begin("insert", collection="posts", **how)
    answer = alice.post("/api/v1/statuses", json={"status": "Hello"})
    fail_commands.end()

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
