from __future__ import annotations

import stat
from secrets import token_hex, token_urlsafe

import pytest

from config.endpoints import Endpoints, without_password
from config.secret_keys import ADVICE, parse
from config.settings import PROJECT, SettingsError, load, reference, rules
from kwip.embedded import endpoints
from kwip.embedded.errors import CannotStartError


def test_the_defaults_need_no_environment():
    settings = load({})

    assert settings.home == PROJECT / "var"
    assert (settings.port, settings.metrics_port) == (8000, 9000)
    assert (settings.live_port, settings.live_origin) == (8001, "http://127.0.0.1:8001")
    assert settings.origin == "http://127.0.0.1:8000"


def test_an_empty_variable_counts_as_none():
    assert load({"KWIP_PORT": "", "KWIP_MONGODB_URI": ""}) == load({})


def test_what_follows_from_the_port_follows_it():
    settings = load({"KWIP_PORT": "9100"})

    assert (settings.metrics_port, settings.origin) == (10100, "http://127.0.0.1:9100")
    assert load({"KWIP_PORT": "65000"}).metrics_port == 64000
    assert (settings.live_port, settings.live_origin) == (9101, "http://127.0.0.1:9101")
    assert load({"KWIP_PORT": "65535"}).live_port == 65534


@pytest.mark.parametrize(
    ("environ", "live_origin"),
    [
        ({"KWIP_ORIGIN": "http://[::1]:8000"}, "http://[::1]:8001"),
        ({"KWIP_ORIGIN": "http://kwip.lan"}, "same"),
        ({"KWIP_ORIGIN": "https://k.example"}, "same"),
        ({"KWIP_ORIGIN": "https://k.example:8000"}, "same"),
        ({"KWIP_LIVE_PORT": "0"}, None),
        ({"KWIP_LIVE_PORT": "0", "KWIP_LIVE_ORIGIN": "same"}, "same"),
        ({"KWIP_LIVE_ORIGIN": "http://127.0.0.1:9/"}, "http://127.0.0.1:9"),
    ],
)
def test_pages_poll_at_the_live_port_unless_a_proxy_is_in_front(environ, live_origin):
    assert load(environ).live_origin == live_origin


def test_places_are_hosts_with_ports():
    found = load({"KWIP_LINK_PREVIEW_ALLOW": "Wiki.example:8080, 10.0.0.1:80"})

    assert found.link_preview_allow == {("wiki.example", 8080), ("10.0.0.1", 80)}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KWIP_PORT", "0"),
        ("KWIP_PORT", "65536"),
        ("KWIP_PORT", "-1"),
        ("KWIP_PORT", "8 000"),
        ("KWIP_PORT", "٨٠٠٠"),
        ("KWIP_PORT", "9" * 5000),
        ("KWIP_METRICS_PORT", "8000"),
        ("KWIP_METRICS_PORT", "8001"),
        ("KWIP_LIVE_PORT", "8000"),
        ("KWIP_LIVE_PORT", "-1"),
        ("KWIP_LIVE_ORIGIN", "here"),
        ("KWIP_LIVE_ORIGIN", "https://live.example"),
        ("KWIP_BIND", "localhost"),
        ("KWIP_BIND", "127.0.0.1:80"),
        ("KWIP_ORIGIN", "kwip.example.org"),
        ("KWIP_ORIGIN", "ftp://kwip.example.org"),
        ("KWIP_ORIGIN", "https://kwip.example.org/kwip"),
        ("KWIP_ORIGIN", "https://user@kwip.example.org"),
        ("KWIP_ORIGIN", "https://kwip.example.org:port"),
        ("KWIP_LINK_PREVIEWS", "1"),
        ("KWIP_LINK_PREVIEW_ALLOW", "wiki.example.org"),
        ("KWIP_LINK_PREVIEW_ALLOW", "http://wiki.example.org:80"),
        ("KWIP_LINK_PREVIEW_ALLOW", "a:80,:81"),
        ("KWIP_LINK_PREVIEW_ALLOW", "a:80/path"),
        ("KWIP_LINK_PREVIEW_ALLOW", "user@a:80"),
        ("KWIP_LINK_PREVIEW_ALLOW", "a:99999"),
        ("KWIP_DEMO", "yes"),
        ("KWIP_HOME", "a\0b"),
        ("KWIP_HOME", "~nobody-of-this-name/x"),
        ("KWIP_MONGOD", "/no/such/mongod"),
        ("KWIP_VALKEY", "/"),
        ("KWIP_MONGODB_URI", "localhost"),
        ("KWIP_REDIS_CACHE_URI", "http://localhost"),
        ("KWIP_REDIS_CACHE_URIS", "redis://localhost"),
        ("KWIP_REDIS_CACHE_URIS", "cache=http://localhost"),
        ("KWIP_REDIS_CACHE_URIS", "cache=redis://one,cache=redis://two"),
        ("KWIP_REDIS_CACHE_URIS", "cache=redis://one,"),
        ("KWIP_CACHE_NODE", "The cache"),
        ("KWIP_MEDIA_STORE_URI", "https://key:secret@localhost/files"),
        ("KWIP_SMTP_URI", "http://localhost"),
        ("KWIP_SMTP_URI", "smtp://a@example.org:secret@localhost"),
        ("KWIP_SMTP_URI", "smtp://a:secret@localhost/path"),
        ("KWIP_SMTP_URI", "smtp://only-a-name@localhost"),
        ("KWIP_MAIL_FROM", "Kwip"),
        ("KWIP_MAIL_FROM", "Kwip <kwip@example.org>\nBcc: x@example.org"),
        ("KWIP_MEDIA_STORE_URI", "s3://localhost/files"),
        ("KWIP_MEDIA_STORE_URI", "s3://key:secret@localhost/"),
        ("KWIP_MEDIA_STORE_URI", "s3://key:secret@localhost:x/files"),
        ("KWIP_MEDIA_STORE_URI", "s3://key:secret@localhost/files?tls=no"),
        ("KWIP_MEDIA_STORE_URI", "s3://key:secret@localhost/files?acl=public"),
        ("KWIP_STATIC_URL", "cdn.example.org/assets"),
        ("KWIP_STATIC_URL", "https://cdn.example.org/assets?v=1"),
        ("KWIP_WEB_WORKERS", "0"),
        ("KWIP_SIGNUP", "Open"),
        ("KWIP_LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(variable, value):
    with pytest.raises(SettingsError) as refused:
        load({variable: value})

    [problem] = refused.value.problems
    assert problem.startswith(f"{variable}=")
    assert ": must " in problem


def test_a_secure_page_loads_its_scripts_securely():
    environ = {
        "KWIP_ORIGIN": "https://k.example",
        "KWIP_STATIC_URL": "http://c.example",
    }

    with pytest.raises(SettingsError, match=r"KWIP_STATIC_URL=.*must begin with https"):
        load(environ)


def test_all_bad_values_are_named_at_once():
    with pytest.raises(SettingsError) as refused:
        load({"KWIP_PORT": "x", "KWIP_DEMO": "y", "KWIP_SIGNUP": "z"})

    assert refused.value.problems == [
        "KWIP_PORT=x: must be a free port from 1 to 65535",
        "KWIP_DEMO=y: must be 1 or 0",
        "KWIP_SIGNUP=z: must be open, approval, invitation or closed",
    ]


@pytest.mark.parametrize("variable", ["KWIP_MONGODB_URI", "KWIP_MEDIA_STORE_URI"])
def test_a_refused_uri_does_not_show_its_password(variable):
    with pytest.raises(SettingsError) as refused:
        load({variable: "http://kwip:geheim@localhost"})

    assert "geheim" not in str(refused.value)


def test_of_several_caches_a_process_reads_the_one_it_names(tmp_path):
    caches = "a=redis://one, b=redis://:geheim@two:6379/0"
    environ = {"KWIP_HOME": str(tmp_path), "KWIP_REDIS_CACHE_URIS": caches}

    found = endpoints(load(environ | {"KWIP_CACHE_NODE": "b"}))

    assert found.redis_cache_uri == "redis://:geheim@two:6379/0"
    assert (found.cache_node, dict(found.other_cache_uris)) == (
        "b",
        {"a": "redis://one"},
    )
    assert "geheim" not in repr(found)
    with pytest.raises(SettingsError, match="KWIP_CACHE_NODE=c: must be a name in"):
        load(environ | {"KWIP_CACHE_NODE": "c"})
    both = {"KWIP_CACHE_NODE": "a", "KWIP_REDIS_CACHE_URI": "redis://three"}
    with pytest.raises(SettingsError, match="must be empty if KWIP_REDIS"):
        load(environ | both)
    with pytest.raises(SettingsError) as refused:
        load({"KWIP_REDIS_CACHE_URIS": "a=http://:geheim@one"})
    assert "geheim" not in str(refused.value)


def test_without_a_list_there_is_one_cache(tmp_path):
    found = endpoints(load({"KWIP_HOME": str(tmp_path)}))

    assert (found.cache_node, found.other_cache_uris) == ("cache", {})
    assert "valkey-cache" in found.redis_cache_uri


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("mongodb://u:p@a,b:1/kwip?replicaSet=r", "mongodb://a,b:1/kwip?replicaSet=r"),
        ("unix://:p@/run/cache.sock?db=1", "unix:///run/cache.sock?db=1"),
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
    ],
)
def test_a_uri_is_shown_without_its_password(uri, shown):
    assert without_password(uri) == shown


def test_endpoints_do_not_print_their_secrets():
    endpoints = Endpoints(
        mongodb_uri="mongodb://u:geheim@h",
        database="kwip",
        redis_cache_uri="redis://:geheim@h",
        redis_queue_uri="redis://:geheim@h",
        redis_realtime_uri="redis://:geheim@h",
        secret_keys=["geheim"],
    )

    assert "geheim" not in repr(endpoints)


KEY, OLDER = "9d41c07be2f85a36907cb1d4e8f25a63", "Zk3_vT8-qL1xN5wR7yB2mH9cJ4fD6gSa"


def test_secret_keys_are_read_from_a_variable_or_a_file(tmp_path):
    home, file = {"KWIP_HOME": str(tmp_path / "home")}, tmp_path / "keys"
    file.write_text(f"{KEY}\n\n  {OLDER}\r\n")

    for between in (" ", ",", ", ", "\n"):
        found = load({**home, "KWIP_SECRET_KEY": f"{KEY}{between}{OLDER}"})
        assert endpoints(found).secret_keys == (KEY, OLDER)
    found = load({**home, "KWIP_SECRET_KEY_FILE": str(file)})
    assert endpoints(found).secret_keys == (KEY, OLDER)
    assert KEY not in repr(found)
    assert not (tmp_path / "home" / "secrets" / "flask").exists()


def test_without_one_a_secret_key_is_made_that_only_its_owner_reads(tmp_path):
    settings = load({"KWIP_HOME": str(tmp_path)})
    [key] = endpoints(settings).secret_keys
    file = tmp_path / "secrets" / "flask"

    assert file.read_text() == key
    assert len(key) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert endpoints(settings).secret_keys == (key,)


@pytest.mark.parametrize(
    ("weak", "why"),
    [
        ("hunter2", "is shorter than 32 characters"),
        (KEY[:31], "is shorter than 32 characters"),
        ("a" * 64, "has fewer than 8 different characters"),
        ("0123456" * 9, "has fewer than 8 different characters"),
        ("k7#Qx2!z" * 4, "repeats itself"),
        ("k7#Qx2!z" * 4 + "k7#", "repeats itself"),
        ("0123456789abcdefghijklmnopqrstuvwxyz", "is a sequence"),
        ("zyxwvutsrqponmlkjihgfedcba9876543210", "is a sequence"),
        ("change-me-5d0f8b2c9e17a4638f21d0b7", "is well known"),
        ("My_Super_S.e.c.r.e.t_Key_2f9c81d07ab6", "is well known"),
        ("5f352379324c22463451387a0aec5d2f", "is well known"),
    ],
)
def test_a_weak_secret_key_is_refused_wherever_it_stands(tmp_path, weak, why):
    file = tmp_path / "keys"
    file.write_text(weak)
    for variable, value in (
        ("KWIP_SECRET_KEY", weak),
        ("KWIP_SECRET_KEY_FILE", str(file)),
    ):
        with pytest.raises(SettingsError) as refused:
            load({variable: value})
        [problem] = refused.value.problems
        assert problem == f"{variable}: the key {why}: {ADVICE}"

    with pytest.raises(SettingsError) as refused:
        load({"KWIP_SECRET_KEY": f"{KEY} {weak}"})
    assert str(refused.value) == f"KWIP_SECRET_KEY: key 2 of 2 {why}: {ADVICE}"
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True)
    (home / "secrets" / "flask").write_text(f"{KEY}\n{weak}\n")
    with pytest.raises(CannotStartError) as stopped:
        endpoints(load({"KWIP_HOME": str(home)}))
    assert stopped.value.message == f"{home}/secrets/flask: key 2 of 2 {why}: {ADVICE}"


def test_a_secret_key_is_set_once(tmp_path):
    file = tmp_path / "keys"
    file.write_text(KEY)
    with pytest.raises(SettingsError, match="must be empty if KWIP_SECRET_KEY"):
        load({"KWIP_SECRET_KEY": KEY, "KWIP_SECRET_KEY_FILE": str(file)})


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_file_without_a_secret_key_is_refused(tmp_path, content):
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load({"KWIP_SECRET_KEY_FILE": str(file)})

    [problem] = refused.value.problems
    assert problem.startswith("KWIP_SECRET_KEY_FILE")


def test_random_secret_keys_are_strong():
    for _ in range(500):
        keys = [token_hex(16), token_hex(32), token_urlsafe(24), token_urlsafe(48)]
        assert parse(" ".join(keys)) == tuple(keys)


def test_origins_lose_their_slash_and_keep_their_port():
    assert load({"KWIP_ORIGIN": "https://k.example/"}).origin == "https://k.example"
    assert load({"KWIP_ORIGIN": "http://[::1]:8000"}).origin == "http://[::1]:8000"


def test_the_documentation_of_the_settings_is_what_they_say():
    page = (PROJECT / "docs" / "configuration.md").read_text(encoding="utf-8")

    assert page == reference()
    assert all(rule.doc and rule.variable in page for rule in rules().values())
