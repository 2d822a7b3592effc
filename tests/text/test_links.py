from __future__ import annotations

import socket

import pytest

from kwip.text.hosts import ascii_host, is_registered
from kwip.text.links import find_links, shown_link


def urls_in(text):
    return [link.url for link in find_links(text)]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x)", ["https://a.example/x"]),
        ("https://a.example/x_(y)", ["https://a.example/x_(y)"]),
        ("(https://a.example/x_(y)[1]])!", ["https://a.example/x_(y)[1]"]),
        ("HTTP://A.example:80?q=1#z!", ["http://a.example:80?q=1#z"]),
        ("http://a.b http://c.d", ["http://a.b", "http://c.d"]),
        ("http://a http://localhost:8000/x https://router/ https://www.", []),
        ("https://a.example: https://a.example...", ["https://a.example"] * 2),
        (
            "https://a.example, (https://b.example)",
            ["https://a.example", "https://b.example"],
        ),
        ("http://http://b.example", ["http://b.example"]),
        ("http://1.2.3.4/x", ["http://1.2.3.4/x"]),
        ("http://127.1 http://1.2.3.4.5 http://a.0x7f", []),
        ("ftp://a.example javascript:alert(1) //a.example", []),
        ("https:// https://? http://... http://:80", []),
        ("https://a.example:port https://a.example:٣ https://a.example:99999", []),
        ("https://[::1]/ https://a\\b.example https://a%41.example", []),
        ("https://a..b https://" + "a" * 64 + ".example", []),
        ("xhttps://a.example httpſ://a.example", []),
        ('https://a.example/"onx', ["https://a.example/"]),
        ("https://a.example/\x01x", ["https://a.example/"]),
        ("https://a.example/\u202egro", ["https://a.example/"]),
        ("“https://a.example/x”—so", ["https://a.example/x"]),
        ("https://a.example/L’Île’", ["https://a.example/L’Île"]),
    ],
)
def test_links_are_http_addresses_without_trailing_marks(text, urls):
    assert urls_in(text) == urls


@pytest.mark.parametrize(
    "text",
    [
        "https://user:pw@a.example/",
        "https://user@a.example",
        "https://user:80@www.example.org/x",
        "https://a.example@www.example.org/x",
        "https://a.example＠www.example.org/x",
        "https://a.example\\@www.example.org/x",
    ],
)
def test_an_address_with_somebodys_name_before_its_host_is_text(text):
    assert urls_in(text) == []


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("看https://a.example/x，很好", ["https://a.example/x"]),
        ("（https://a.example/x）。", ["https://a.example/x"]),
        ("「https://a.example/日本」", ["https://a.example/日本"]),
        ("https://example.comを見て", ["https://example.com"]),
        (
            "https://example.comとhttps://example.orgは",
            ["https://example.com", "https://example.org"],
        ),
        ("www.example.orgを", ["https://www.example.org"]),
        ("https://a.example।", ["https://a.example"]),
        ("https://a.example/x؟", ["https://a.example/x"]),
    ],
)
def test_links_end_where_other_scripts_end_them(text, urls):
    assert urls_in(text) == urls


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("www.example.org.", ["https://www.example.org"]),
        ("WWW.Example.org/A", ["https://www.example.org/A"]),
        ("example.org/a?b#c, x", ["https://example.org/a?b#c"]),
        ("example.org:8080/a", ["https://example.org:8080/a"]),
        ("(example.co.uk/)", ["https://example.co.uk/"]),
        ("www.gov.uk", ["https://www.gov.uk"]),
        ("münchen.de/x", ["https://xn--mnchen-3ya.de/x"]),
        ("看example.org/x。", ["https://example.org/x"]),
        ("example.org co.uk/x example.org? www.a.example a.example/x", []),
        ("file.py README.md node.js/x e.g. i.e./x v1.2.3/4 10.0.0.1/24", []),
        ("src/file.py/x ../a.py/x -a.py/x x=a.py/x", []),
        ("a@www.example.org/x www.a@example.org a.b@example.org/x", []),
        ("ftp://www.example.org/x javascript:www.example.org/x #www.example.org/x", []),
    ],
)
def test_a_bare_host_is_a_link_where_it_can_be_meant_as_one(text, urls):
    assert urls_in(text) == urls


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
        ("faß.de", "xn--fa-hia.de"),
        ("ｅｘａｍｐｌｅ.org", "example.org"),
        ("می\u200cخواهم.com", "xn--mgbn2ecje63gr19l.com"),
        ("a_b.example", "a_b.example"),
        ("a_b.münchen.de", None),
        ("ü\u200d.de", None),
        ("💩.la", None),
        ("é" * 300, None),
        ("\ud800.de", None),
    ],
)
def test_a_host_is_asked_for_in_ascii(host, name):
    assert ascii_host(host) == name


def test_the_public_suffixes_are_not_fetched(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("nothing may be asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert is_registered("example.co.uk")
    assert not is_registered("co.uk")
    assert not is_registered("example.nosuchsuffix")
    assert is_registered("github.io")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://www.example.org/a", "example.org/a"),
        ("www.example.org/a", "www.example.org/a"),
        ("HTTP://Example.org:80?q", "Example.org:80?q"),
        ("https://münchen.de/ü", "münchen.de/ü"),
        ("https://例え.jp/", "例え.jp/"),
        ("https://пример.рф/я", "пример.рф/я"),
        ("https://аpple.com/x", "xn--pple-43d.com/x"),
        ("https://аррӏе.com/x", "xn--80ak6aa92e.com/x"),
        ("https://gıthub.com", "xn--gthub-n4a.com"),
        ("https://a.exampleノx.example/", "a.xn--examplex-b44g.example/"),
        ("https://example.org/" + "x" * 48, "example.org/" + "x" * 48),
        ("https://example.org/" + "x" * 49, "example.org/" + "x" * 47 + "…"),
        ("https://a." + "b" * 60 + ".example", "a." + "b" * 60 + ".example"),
        ("https://a." + "b" * 60 + ".example/x", "a." + "b" * 60 + ".example…"),
    ],
)
def test_what_a_link_shows_has_its_whole_real_host(written, shown):
    (link,) = find_links(written)

    assert shown_link(written[link.start : link.end], link.url) == shown
