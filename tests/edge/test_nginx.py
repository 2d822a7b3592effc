"""Kwip behind the nginx that `kwip config nginx` configures."""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import subprocess
import threading
import time
from collections import Counter

import pytest
import structlog
from click.testing import CliRunner

from kwip import cli
from kwip.blueprints import assets
from kwip.blueprints.routes import AREAS
from kwip.nginx import configuration as generator
from kwip.nginx.configuration import Proxy, configuration
from tests.edge.nginx import Recorded, broken, complaints, in_front, write_lists
from tests.ops.stack import free_port
from tests.people import sign_in
from tests.pictures import plain
from tests.served import served
from tests.servers import debian_program, settings_in, wait_until

#: nginx keeps what Kwip allows it to for a second at most; a busy machine needs some
#: time to ask.
KEPT_S = 2.0
CONVERTED = {
    r"<id:\w+>": "12",
    r"<name:\w+>": "alice",
    r"<feed:\w+>": "atom",
    r"<\w+(\(.*?\))?:\w+>|<\w+>": "word",
}


@pytest.fixture(scope="session")
def nginx():
    return debian_program("nginx")


@pytest.fixture
def port():
    """Return the port of the site, which is that of nginx."""
    return free_port()


@pytest.fixture
def settings(tmp_path, port):
    return settings_in(
        tmp_path / "home",
        KWIP_PORT=str(free_port()),
        KWIP_LIVE_PORT="0",
        KWIP_ORIGIN=f"http://127.0.0.1:{port}",
        KWIP_TRUSTED_PROXIES="1",
        KWIP_MEDIA_BY_PROXY="1",
    )


@pytest.fixture
def kwip(app, settings):
    """Return the requests that reach Kwip, which runs."""
    recorded = Recorded(app)
    with served(recorded, settings.port):
        yield recorded.requests


@pytest.fixture
def front(nginx, settings, port, kwip, tmp_path):
    """Return nginx in front of it."""
    with in_front(nginx, settings, port, tmp_path / "nginx") as running:
        yield running


def caching(front, count):
    """Return what the last requests had to do with the cache."""
    return [json.loads(line)["cache"] for line in front.log.splitlines()[-count:]]


def test_nginx_accepts_every_variant(nginx, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    request = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-subj", "/CN=k"]
    request += ["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key, "-out", cert]
    subprocess.run(request, check=True, capture_output=True)
    home = tmp_path / "a home; with {odd} signs"
    folder = tmp_path / "nginx"
    folder.mkdir()
    listen = [f"127.0.0.1:{free_port()}"]
    site = {"KWIP_TRUSTED_PROXIES": "1", "KWIP_ORIGIN": "https://k.example"}
    plain = site | {"KWIP_ORIGIN": "http://k.example:8080", "KWIP_LIVE_PORT": "0"}
    tls = {"tls_cert": cert, "tls_key": key}
    several = {"web": ["10.0.0.1:8000", "[::1]:8000"], "write": ["unix:/run/kwip.sock"]}
    several |= {"live": ["10.0.0.1:8001"], "trusted": ["10.0.0.0/8", "fd00::/8"]}
    odd = {"assets": home / "assets", "rate": 0, "connections": 0}
    variants = [
        (plain, {}),
        (site, tls),
        (site | {"KWIP_MEDIA_BY_PROXY": "1"}, tls | several | odd),
        (site, tls | several | {"watched": True}),
    ]

    for environ, options in variants:
        proxy = Proxy(folder=folder, user=None, listen=listen, **options)
        settings = settings_in(home, **environ)
        text = configuration(settings, proxy)
        write_lists(settings, proxy)
        assert complaints(nginx, text, folder) == ""
    # The usual one has Debian's places, and redirects http to https.
    usual = configuration(settings_in(home, **site), Proxy(**tls))
    for part in ("user www-data;", "listen [::]:443 ssl http2;", "listen 80;"):
        assert part in usual
    assert "return 301 https://k.example$request_uri;" in usual


def addresses(wanted):
    """Return an address for each row of the route table with such a policy."""
    for route in (route for routes in AREAS.values() for route in routes):
        if wanted(route.policy):
            path = route.rule
            for pattern, text in CONVERTED.items():
                path = re.sub(pattern, text, path)
            yield path


def test_the_addresses_that_nginx_knows_are_those_of_the_route_table():
    shared, uploads = (
        re.compile(generator.PATTERNS[name]) for name in ("shared", "uploads")
    )

    for is_wanted, pattern in (
        (lambda policy: policy.cache in {"widget", "card"}, shared),
        (lambda policy: policy.takes_files, uploads),
    ):
        assert [a for a in addresses(is_wanted) if not pattern.search(a)] == []
    for path in addresses(lambda policy: policy.auth != "none"):
        assert not shared.search(path)


def test_only_the_machine_itself_gets_the_state_of_servers(front, kwip):
    forged = {"X-Forwarded-For": "127.0.0.1"}

    assert front.ask("GET", "/readyz", forged, source="127.0.0.9").status == 404
    assert kwip == []
    assert front.get("/readyz").status in {200, 503}
    assert len(kwip) == 1


def test_ids_and_addresses_come_from_nginx_whatever_a_client_says(front, kwip, client):
    forged = {"X-Request-Id": "forged", "X-Forwarded-For": "10.9.9.9"}

    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        answer = front.ask("GET", "/livez?q=private", forged, source="127.0.0.9")

    [request] = kwip
    assert request["HTTP_X_FORWARDED_FOR"] == "127.0.0.9"
    assert answer.headers.get_all("X-Request-Id") == [request["HTTP_X_REQUEST_ID"]]
    assert re.fullmatch("[0-9a-f]{32}", request["HTTP_X_REQUEST_ID"])
    [line] = [line for line in lines if line["event"] == "request"]
    assert line["request_id"] == request["HTTP_X_REQUEST_ID"]
    assert line["request_id"] in front.log
    assert "private" not in front.log
    assert "Server: nginx\r\n" in f"{answer.headers}".replace("\n", "\r\n")


def test_pages_are_cached_for_visitors_and_never_for_readers(
    front, app, wiring, alice, bob
):
    alice.say("hello")
    browser = sign_in(app, wiring, bob)
    [cookie] = [f"{c.key}={c.value}" for c in browser._cookies.values()]
    name = app.config["SESSION_COOKIE_NAME"]
    assert cookie.startswith(f"{name}=")

    own = front.get("/@alice", Cookie=cookie)
    dark = front.get("/@alice", Cookie="kwip_look=dark.huge")
    begun = caching(front, 2)
    for _ in range(20):  # a second may end between two requests
        first, again = front.get("/@alice"), front.get("/@alice")
        if caching(front, 2)[1] == "HIT":
            break
    later = front.get("/@alice", Cookie=cookie)

    assert begun == ["BYPASS", "BYPASS"]
    assert caching(front, 2) == ["HIT", "BYPASS"]
    assert [a.status for a in (own, dark, first, again, later)] == [200] * 5
    assert b"@bob" in own.body
    assert b"@bob" in later.body
    for answer in (first, again, dark):
        assert b"@bob" not in answer.body
    assert first.body == again.body
    for answer in (first, own):
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "X-Accel-Expires" not in answer.headers
    # A page that sets a cookie is not kept, nor is one that is not for all visitors.
    for path in ("/login", "/search?q=hello"):
        front.get(path)
        front.get(path)
        assert "HIT" not in caching(front, 2)


def test_a_widget_is_kept_and_what_was_deleted_is_soon_gone(front, kwip, alice):
    status = alice.say("a secret slip")
    path = "/api/widgets/v1/user/alice"
    first = front.get(path)
    for number in range(20):
        front.get(path, Cookie=f"kwip=someone{number}")
    assert b"slip" in first.body
    assert caching(front, 20).count("HIT") > len(kwip)

    alice.ask("DELETE", f"/api/v1/statuses/{status['id']}")

    wait_until(lambda: b"slip" not in front.get(path).body, within_s=KEPT_S)


def test_nginx_shows_something_older_until_the_minute_ends(
    nginx, settings, port, tmp_path, monkeypatch
):
    def clocked(*made):
        text = configuration(*made)
        assert "map $time_iso8601 $kwip_minute" in text
        return text.replace("map $time_iso8601", "map $http_now")

    def app(_, start_response):
        is_kept = states[-1] == "200 OK"
        expires = f"@{int(time.time()) - 1}" if is_kept else "0"
        start_response(states[-1], [("X-Accel-Expires", expires)])
        return [b"a widget"]

    monkeypatch.setattr("tests.edge.nginx.configuration", clocked)
    states, path = ["200 OK"], "/api/widgets/v1/public"
    with (
        served(app, settings.port),
        in_front(nginx, settings, port, tmp_path / "nginx") as front,
    ):

        def shown(state, now):
            states.append(state)
            return front.get(path, Now=f"2026-11-29T{now}+00:00").status

        assert shown("200 OK", "15:20:00") == 200
        assert shown("500 Internal Server Error", "15:20:59") == 200
        assert shown("503 Service Unavailable", "15:20:59") == 503
        assert shown("500 Internal Server Error", "15:21:00") == 500


def test_files_are_sent_by_nginx_and_private_ones_as_kwip_allows(
    nginx, settings, port, kwip, alice, client, tmp_path
):
    def say(visibility):
        media = alice.post(
            "/api/v2/media", data={"file": (io.BytesIO(plain()), "a.png")}
        ).json
        status = alice.say("look", media_ids=[media["id"]], visibility=visibility)
        return status["media_attachments"][0]["url"].removeprefix(settings.origin)

    folder = tmp_path / "assets"
    style = assets.load().names["kwip.css"]
    written = CliRunner().invoke(cli.kwip, ["config", "assets", str(folder)])
    assert written.exit_code == 0, written.output
    public, private = say("public"), say("private")
    # With limits: what these match must not change which file is meant.
    options = {"assets": folder, "rate": 1_000}
    with in_front(nginx, settings, port, tmp_path / "nginx", **options) as front:
        open_file = front.get(public)
        packed = front.get(f"/assets/{style}", Accept_Encoding="gzip")
        assert kwip == []
        allowed = front.get(private)
        part = front.get(private, Range="bytes=0-9")
        forged = front.get(private.replace("signature=", "signature=0"))
        [(stored, content)] = [
            (path.relative_to(settings.media_folder), path.read_bytes())
            for path in settings.media_folder.glob("private-*/*-large.webp")
        ]
        guessed = [
            front.get(f"/_media/{stored}"),
            front.get(f"/media/{stored}"),
            front.get(f"/media/../_media/{stored}"),
        ]
        missing = front.get("/media/00/00000000000000000000000000000000-large.webp")

    assert (open_file.status, allowed.status, part.status) == (200, 200, 206)
    assert (allowed.body, part.body) == (content, content[:10])
    assert allowed.headers["Content-Type"] == "image/webp"
    assert allowed.headers["Cache-Control"] == "private, max-age=86400"
    assert "X-Accel-Redirect" not in allowed.headers
    with client.get(public) as asked:
        for name in ("Content-Type", "Cache-Control", "Content-Security-Policy"):
            assert open_file.headers.get_all(name) == asked.headers.getlist(name)
    assert (packed.status, packed.headers["Content-Encoding"]) == (200, "gzip")
    assert packed.body == assets.load().files[style].gzipped
    assert forged.status == 403
    assert [answer.status for answer in (*guessed, missing)] == [404] * 4


def test_a_dead_server_fails_no_read_and_a_write_is_sent_once(
    nginx, settings, port, kwip, tmp_path
):
    half_dead = free_port()
    web = [f"127.0.0.1:{p}" for p in (free_port(), half_dead, settings.port)]
    with (
        broken(half_dead) as swallowed,
        in_front(nginx, settings, port, tmp_path / "nginx", web=web) as front,
    ):
        reads = [front.get("/livez").status for _ in range(12)]
        writes = [front.ask("POST", "/login", {}, b"a=b").status for _ in range(4)]

    assert reads == [200] * 12
    lost = [each for each in swallowed if each.startswith(b"POST")]
    arrived = [each for each in kwip if each["REQUEST_METHOD"] == "POST"]
    assert set(writes) == {403, 503}
    assert (writes.count(503), writes.count(403)) == (len(lost), len(arrived))


def test_a_kwip_with_a_key_goes_to_another_server_and_is_stored_once(
    nginx, settings, port, kwip, app, alice, tmp_path
):
    def silent(environ, start_response):
        b"".join(app(environ, start_response))
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)  # it dies
        raise ConnectionError

    dying = free_port()
    web = [f"127.0.0.1:{dying}", f"127.0.0.1:{settings.port}"]
    lost = Recorded(silent)
    headers = {"Authorization": f"Bearer {alice.token}"}
    json_type = {"Content-Type": "application/json"}

    def say(text, **more):
        body = json.dumps({"status": text})
        return front.ask("POST", "/api/v1/statuses", headers | json_type | more, body)

    with (
        served(lost, dying),
        in_front(
            nginx, settings, port, tmp_path / "nginx", web=web, watched=True
        ) as front,
    ):
        kept = [say(f"keyed {n}", **{"Idempotency-Key": f"k{n}"}) for n in range(4)]
        others = [say(f"plain {n}").status for n in range(4)]
        like = "/api/v1/statuses/1/favourite"
        for kind in (
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
        ):
            for path in (like, "/compose"):
                for _ in range(2):
                    typed = {"Content-Type": kind, "Idempotency-Key": "a"}
                    front.ask("POST", path, headers | typed, "a=b")

    stored = alice.ask("GET", f"/api/v1/accounts/{alice.id}/statuses").json
    texts = sorted(status["content"] for status in stored)
    assert [answer.status for answer in kept] == [200] * 4
    assert set(others) == {200, 503}
    assert texts == [f"<p>{w} {n}</p>" for w in ("keyed", "plain") for n in range(4)]
    paths = [each["PATH_INFO"] for each in (*lost.requests, *kwip)]
    # Whatever has no such key is sent once, and so are files.
    assert paths.count(like) == 4
    assert paths.count("/compose") == 2 + 1 + 2


def test_a_form_waits_for_long_only_if_it_is_long_enough_for_files(
    nginx, settings, port, tmp_path, monkeypatch
):
    def slow(environ, start_response):
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        threading.Event().wait(1.0)
        start_response("204 No Content", [])
        return []

    def impatient(*args):
        return configuration(*args).replace("read_timeout 15s", "read_timeout 300ms")

    monkeypatch.setattr("tests.edge.nginx.configuration", impatient)
    typed = {"Content-Type": "multipart/form-data; boundary=b"}
    with (
        served(slow, settings.port),
        in_front(nginx, settings, port, tmp_path / "nginx") as front,
    ):
        waited = {
            size: front.ask("POST", "/compose", typed, b"x" * size).status
            for size in (20_000, 200_000)
        }

    assert waited == {20_000: 503, 200_000: 204}


def test_a_write_that_is_not_answered_in_time_is_sent_to_nobody_else(
    nginx, settings, port, tmp_path, monkeypatch
):
    def hurried(*made):
        text = configuration(*made)
        assert text.count("proxy_next_upstream_timeout 3s") == 2
        text = text.replace("next_upstream_timeout 3s", "next_upstream_timeout 300ms")
        return re.sub("proxy_read_timeout (15|60)s", "proxy_read_timeout 500ms", text)

    def answer(_, start_response):
        start_response("204 No Content", [])
        return []

    monkeypatch.setattr("tests.edge.nginx.configuration", hurried)
    works, dead = Recorded(answer), free_port()
    sent = [
        ("PUT", "/api/v1/statuses/1"),
        ("DELETE", "/api/v1/statuses/1"),
        ("PUT", "/api/v1/media/1"),
    ]
    with (
        socket.create_server(("127.0.0.1", 0)) as frozen,  # it answers nobody
        served(works, settings.port),
    ):
        ports = (frozen.getsockname()[1], settings.port, dead)
        options = {"web": [f"127.0.0.1:{each}" for each in ports], "watched": True}
        with in_front(nginx, settings, port, tmp_path / "nginx", **options) as front:
            statuses = [front.ask(*each, {}).status for each in 2 * sent]

    # What the dead server refuses is passed on, what the frozen one has is not.
    assert sorted(statuses) == [204] * 3 + [503] * 3
    assert len(works.requests) == 3


def test_reads_writes_and_open_pages_go_to_their_own_servers(nginx, port, tmp_path):
    def answer(_, start_response):
        start_response("204 No Content", [])
        return []

    site = {"KWIP_ORIGIN": f"http://127.0.0.1:{port}", "KWIP_TRUSTED_PROXIES": "1"}
    settings = settings_in(tmp_path / "home", **site)
    servers = {free_port(): Recorded(answer) for _ in range(4)}
    read, write, *live = (f"127.0.0.1:{number}" for number in servers)
    options = {"web": [read], "write": [write], "live": live}
    with contextlib.ExitStack() as ends:
        for number, server in servers.items():
            ends.enter_context(served(server, number))
        running = in_front(nginx, settings, port, tmp_path / "nginx", **options)
        front = ends.enter_context(running)
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
            front.ask(method, "/api/v1/statuses", {})
        for session in range(24):
            for _ in range(2):
                front.get("/poll/home", Cookie=f"kwip_{port}={session}")

    methods, cookies = (
        [[each.get(name) for each in server.requests] for server in servers.values()]
        for name in ("REQUEST_METHOD", "HTTP_COOKIE")
    )
    assert methods[0] == ["GET", "HEAD", "OPTIONS"]
    assert methods[1] == ["POST", "PUT", "PATCH", "DELETE"]
    assert len(set(cookies[2])) + len(set(cookies[3])) == 24
    assert all(cookies[2:])


def test_no_log_has_a_query_and_the_access_log_says_which_server_failed(
    nginx, settings, port, tmp_path
):
    with in_front(nginx, settings, port, tmp_path / "nginx") as front:
        front.get("/media/private?signature=secret")
        [line] = map(json.loads, front.log.splitlines())

    assert line["server_status"] == "502"
    assert "secret" not in front.log + (front.folder / "error.log").read_text()


@pytest.mark.parametrize("logged", ["network", "none"])
def test_the_access_log_has_as_much_of_an_address_as_that_of_kwip(
    nginx, port, tmp_path, logged
):
    settings = settings_in(
        tmp_path / "home",
        KWIP_ORIGIN=f"http://127.0.0.1:{port}",
        KWIP_TRUSTED_PROXIES="1",
        KWIP_LOG_CLIENTS=logged,
    )
    addresses = ["127.0.0.9", "2001:db8:1:2:3:4:5:6", "2001:db8::1", "::ffff:10.9.8.7"]
    trusted = {"trusted": ["127.0.0.1"]}
    with in_front(nginx, settings, port, tmp_path / "nginx", **trusted) as front:
        front.get("/livez", source="127.0.0.9")
        for address in addresses[1:]:
            front.get("/livez", X_Forwarded_For=address)
        lines = [json.loads(line) for line in front.log.splitlines()]

    found = [line.get("address") for line in lines]
    networks = ["127.0.0.0/24", "2001:db8:1:2::/64", "2001:db8::/64", "10.9.8.0/24"]
    expected = networks if logged == "network" else [None] * 4
    # Each worker of nginx writes its lines when it has answered, so in any order.
    assert Counter(found) == Counter(expected)
    assert not any(address in front.log for address in addresses)


def test_slow_clients_hold_nothing_of_kwip(front, kwip):
    with contextlib.ExitStack() as ends:
        for number in range(300):
            client = ends.enter_context(
                socket.create_connection(
                    ("127.0.0.1", front.port), source_address=("127.0.0.2", 0)
                )
            )
            head = b"POST /login HTTP/1.1\r\nHost: kwip\r\n"
            if number % 2:
                head += b"Content-Length: 1000\r\n\r\n12345"
            client.sendall(head)
        statuses = [front.get("/livez").status for _ in range(50)]

    assert statuses == [200] * 50
    assert {each["PATH_INFO"] for each in kwip} == {"/livez"}


def test_who_asks_too_often_has_to_wait_and_others_do_not(
    nginx, settings, port, kwip, tmp_path
):
    with in_front(nginx, settings, port, tmp_path / "nginx", rate=2) as front:
        answers = [front.get("/livez") for _ in range(20)]
        file = front.get("/assets/none")
        other = front.get("/livez", source="127.0.0.2")

    refused = [answer for answer in answers if answer.status != 200]
    assert {answer.status for answer in refused} == {429}
    assert len(refused) > 10
    assert refused[0].headers["Retry-After"] == "2"
    assert refused[0].body.startswith(b"Too many requests.")
    assert (file.status, other.status) == (404, 200)
