from __future__ import annotations

import pytest

from config.settings import rules
from kwip.domain.rate_limits import SPANS_S, Window, in_words, whose, windows


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("2002:cb00:7107:5::1", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:80", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_stands_for_itself_or_its_network(address, owner):
    assert whose(address) == owner


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "in 1 second"),
        (1.2, "in 2 seconds"),
        (120, "in 120 seconds"),
        (121, "in 3 minutes"),
        (7_200, "in 120 minutes"),
        (7_201, "in 3 hours"),
        (86_400, "in 24 hours"),
    ],
)
def test_a_wait_is_told_in_words_that_are_never_too_short(seconds, words):
    assert in_words(seconds) == words


def test_a_limit_of_0_is_no_window():
    limits = dict.fromkeys(SPANS_S, 0) | {"posts": 7}

    assert windows(limits) == {"posts": Window("posts", 7, 3 * 3_600)}


def test_each_window_has_a_setting_and_each_setting_a_window():
    settings = {n for n in rules() if n.startswith("quota_")}

    assert {f"quota_{name}" for name in SPANS_S} == settings
