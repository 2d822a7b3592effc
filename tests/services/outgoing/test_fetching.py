from __future__ import annotations

import gzip
import itertools
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kwip.services.outgoing.connections import FetchError
from kwip.services.outgoing.fetching import Fetcher, Limit
from kwip.services.outgoing.patience import Patience, SlowHosts

LIMITS = {
    "text/html": Limit(max_bytes=50_000, may_be_cut=True),
    "image/": Limit(max_bytes=50_000),
}


@pytest.fixture
def fetcher(site):
    place = ("127.0.0.1", site.port)
    return Fetcher(user_agent="Kwip/test", allowed=frozenset({place}), timeout_s=5.0)


@pytest.fixture
def why(fetcher):
    """Return a function that says why an address cannot be fetched."""

    def why(url, **changes):
        changed = Fetcher("Kwip/test", fetcher.allowed, **{"timeout_s": 5.0, **changes})
        with pytest.raises(FetchError) as caught:
            changed.get(url, LIMITS)
        return caught.value.outcome

    return why


def raw(*pieces, pause_s=0.0, ends=True):
    """Return a page that sends these bytes as they are, the last one without end."""

    def page(request):
        endless = () if ends else itertools.repeat(pieces[-1])
        for piece in itertools.chain(pieces, endless):
            request.wfile.write(piece)
            time.sleep(pause_s)
        request.close_connection = True

    return page


def test_a_page_is_fetched_by_name_and_without_cookies(fetcher, site):
    url = site.serve("/page", "<title>é", Set_Cookie="a=1")
    site.serve("/moved", status=302, Location="/page", Set_Cookie="b=2")
    found = fetcher.get(site.url("/moved"), LIMITS)
    asked = site.headers["/page"]

    assert (found.url, found.media_type, found.charset) == (url, "text/html", "utf-8")
    assert found.content.decode() == "<title>é"
    assert asked["User-Agent"] == "Kwip/test"
    assert asked["Host"] == site.place
    assert {"Cookie", "Referer", "Authorization"}.isdisjoint(asked)


@pytest.mark.parametrize(
    "target",
    [
        *("http://127.0.0.1:1/", "http://169.254.169.254/latest/", "http://[::1]/"),
        *("http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://localhost/"),
        *("file:///etc/passwd", "gopher://127.0.0.1/", "http://a:b@example.org/"),
        *("http://example.org:8080/", "http://0x7f.1/", "http://example.org:99999/"),
    ],
)
def test_nothing_leads_into_our_own_network(why, site, target):
    redirect = site.serve("/redirect", status=302, Location=target)

    assert why(redirect) == "refused"


def test_an_address_of_our_own_is_not_even_connected_to(site):
    url = site.serve("/secret", "secret")
    with pytest.raises(FetchError):
        Fetcher("Kwip/test").get(url, LIMITS)

    assert site.asked["/secret"] == 0


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(
    monkeypatch, site
):
    url = site.serve("/rebound", "<title>x").replace("127.0.0.1", "rebound.example")
    answers = iter([("127.0.0.1", site.port), ("10.0.0.1", site.port)])

    def resolve(*_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", next(answers))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    allowed = frozenset({("rebound.example", site.port)})
    Fetcher("Kwip/test", allowed).get(url, LIMITS)

    assert site.headers["/rebound"]["Host"] == f"rebound.example:{site.port}"
    assert next(answers)[0] == "10.0.0.1"


def test_addresses_of_both_families_are_tried(monkeypatch, site):
    url = site.serve("/both", "<title>x").replace("127.0.0.1", "both.example")
    dead = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 1, 0, 0))
    alive = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", site.port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [*[dead] * 5, alive])
    fetcher = Fetcher("Kwip/test", frozenset({("both.example", site.port)}))

    assert fetcher.get(url, LIMITS).content == b"<title>x"


def test_three_redirects_are_followed_and_no_fourth(fetcher, why, site):
    site.serve("/0", "<title>x")
    for i in range(1, 5):
        site.serve(f"/{i}", status=301, Location=f"/{i - 1}")

    assert fetcher.get(site.url("/3"), LIMITS).url == site.url("/0")
    assert why(site.url("/4")) == "redirects"


def test_no_proxy_of_the_environment_is_used(fetcher, monkeypatch, site):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert fetcher.get(site.serve("/direct", "x"), LIMITS).content == b"x"


OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"Content-Type: text/html\r\n"
IMAGE = b"Content-Type: image/png\r\n"
SLOW = {"pause_s": 0.05, "ends": False}


HOSTILE = {
    "slow body": (raw(OK + HTML + b"\r\n", b"a", **SLOW), "timeout"),
    "slow header": (raw(OK + b"X-A: ", b"a", **SLOW), "timeout"),
    "slow 100s": (raw(b"HTTP/1.1 100 Continue\r\n\r\n", **SLOW), "timeout"),
    "headers": (raw(OK, b"X-A: " + b"a" * 900 + b"\r\n", ends=False), "unreachable"),
    "long header": (raw(OK + b"X-A: ", b"a" * 70_000, ends=False), "unreachable"),
    "100s": (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 99, ends=False), "too_large"),
    "body": (raw(OK + IMAGE + b"\r\n", b"a" * 9_000, ends=False), "too_large"),
    "brotli": (raw(OK + HTML + b"Content-Encoding: br\r\n\r\nx"), "type"),
    "type": (raw(OK + b"Content-Type: application/pdf\r\n\r\nx"), "type"),
    "no type": (raw(OK + b"\r\nx"), "type"),
    "protocol": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "unreachable"),
    "nothing": (raw(b""), "unreachable"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_ends_within_time_and_size(why, site, name):
    page, outcome = HOSTILE[name]
    url = site.answer("/hostile", page)

    assert why(url, timeout_s=0.4 if outcome == "timeout" else 5.0) == outcome


def test_a_compressed_body_never_becomes_larger_than_allowed(fetcher, why, site):
    bomb = gzip.compress(b"\0" * 20_000_000)
    page = site.serve("/page", bomb, Content_Encoding="gzip")
    image = site.serve("/image", bomb, kind="image/png", Content_Encoding="gzip")

    assert len(fetcher.get(page, LIMITS).content) == 50_000
    assert why(image) == "too_large"


def test_an_endless_page_is_cut(fetcher, site):
    page = raw(OK + HTML + b"\r\n", b"a" * 9_000, ends=False)
    found = fetcher.get(site.answer("/endless", page), LIMITS)

    assert found.content == b"a" * 50_000


def test_only_failures_that_may_pass_are_tried_again(fetcher, site):
    outcomes = {}
    for status in (404, 403, 500, 503, 429):
        url = site.serve("/failing", status=status)
        with pytest.raises(FetchError) as caught:
            fetcher.get(url, LIMITS)
        outcomes[status] = caught.value.is_transient

    assert outcomes == {404: False, 403: False, 500: True, 503: True, 429: True}


def test_a_host_that_was_slow_is_left_alone_for_a_minute(site, fetcher):
    now = [0.0]
    quick = replace(fetcher, timeout_s=0.4, slow=SlowHosts(lambda: now[0]))
    slow = site.answer("/slow", raw(OK + HTML + b"\r\n", b"a", **SLOW))
    other = site.page("/rye", "Rye bread")
    for url in (slow, other):
        with pytest.raises(FetchError, match="timeout"):
            quick.get(url, LIMITS)
    assert site.asked["/rye"] == 0
    now[0] = 61.0

    assert replace(quick, timeout_s=5.0).get(other, LIMITS).content


def test_a_host_that_leads_to_a_slow_one_is_not_slow(site, fetcher):
    allowed = fetcher.allowed | {("localhost", site.port)}
    quick = replace(fetcher, timeout_s=0.4, allowed=allowed, slow=SlowHosts())
    slow = site.answer("/slow", raw(OK + HTML + b"\r\n", b"a", **SLOW))
    there = slow.replace("127.0.0.1", "localhost")
    with pytest.raises(FetchError, match="timeout"):
        quick.get(site.serve("/short", status=302, Location=there), LIMITS)

    assert quick.slow.has("localhost")
    assert not quick.slow.has("127.0.0.1")


def test_a_fast_host_waits_for_no_crowd_of_slow_ones(site, fetcher):
    fast = site.page("/oats", "Oats")
    # They take a connection, and never answer.
    silent = [socket.create_server((f"127.0.0.{n}", 0)) for n in range(2, 6)]
    places = [each.getsockname() for each in silent]
    patient = replace(
        fetcher,
        allowed=fetcher.allowed | set(places),
        timeout_s=20.0,
        patience=Patience(budget_s=40.0, brief_s=0.5),
    )
    with ThreadPoolExecutor(3) as threads:
        slow = [
            threads.submit(patient.get, f"http://{host}:{port}/", LIMITS)
            for host, port in places
        ]
        found = threads.submit(patient.get, fast, LIMITS).result()
        still_wait = [each.done() for each in slow[:2]]
        for each in silent:
            each.close()

    assert found.content
    assert still_wait == [False, False]
    assert {each.exception().is_transient for each in slow} == {True}
