from __future__ import annotations

import pytest

from kwip.text.agents import UNKNOWN, browser_in_words

GECKO = "Mozilla/5.0 ({}) Gecko/20100101 Firefox/128.0"
WEBKIT = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) {}"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (GECKO.format("X11; Linux x86_64; rv:128.0"), "Firefox on Linux"),
        (GECKO.format("Android 14; Mobile; rv:128.0"), "Firefox on Android"),
        (
            WEBKIT.format("Windows NT 10.0; Win64; x64", "Chrome/126.0 Safari/537.36"),
            "Chrome on Windows",
        ),
        (
            WEBKIT.format("Windows NT 10.0", "Chrome/126.0 Safari/537.36 Edg/126.0"),
            "Edge on Windows",
        ),
        (
            WEBKIT.format("Macintosh; Intel Mac OS X 10_15_7", "Version/17 Safari/605"),
            "Safari on Mac",
        ),
        (
            WEBKIT.format("iPhone; CPU iPhone OS 17 like Mac OS X", "Safari/604.1"),
            "Safari on iPhone",
        ),
        (
            WEBKIT.format("iPad; CPU OS 17 like Mac OS X", "CriOS/126 Safari/604.1"),
            "Chrome on iPad",
        ),
        (
            WEBKIT.format("Linux; Android 14", "SamsungBrowser/25 Chrome/121 Safari/5"),
            "Samsung Internet on Android",
        ),
        (
            WEBKIT.format("X11; CrOS x86_64", "Chrome/126 Safari/537"),
            "Chrome on ChromeOS",
        ),
        (WEBKIT.format("X11; Linux", "Chrome/1 Safari/5 OPR/111"), "Opera on Linux"),
        (WEBKIT.format("X11; Linux", "HeadlessChrome/1 Safari/5"), "Chrome on Linux"),
        ("curl/8.5.0", "curl"),
        ("Something (Linux)", "A browser on Linux"),
        ("", UNKNOWN),
        ("<script>alert(1)</script>", UNKNOWN),
    ],
)
def test_a_browser_is_named_in_plain_words(agent, words):
    assert browser_in_words(agent) == words
