from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.errors import InvalidError
from kwip.domain.text import MAX_MENTIONS, clean_text, find_links, find_names

#: What breaks parsers of links and names, to be put together at random.
_PIECES = st.sampled_from(
    [
        *("http://", "HTTPS://", "https://a.example/x", "://", "@", "@@", "@alice"),
        *("a.example", "/", "?", "#", ":", "[", "]", "(", ")", "{", "}", "\\", "'"),
        *("<", ">", '"', "`", ".", ",", "…", "*", "_", "~", "é", "e", "\u0301", "的"),
        *("\0", "\x1f", "\x7f", "\x85", "\r", "\n", "\t", " ", "\u2028", "\u200d"),
        *("\ud800", "\udfff", "😀", "\u202e", "٣", "İ", "ﬁ"),
    ]
)
HOSTILE = st.lists(_PIECES, max_size=30).map("".join) | st.text(max_size=60)


@settings(max_examples=150)
@given(HOSTILE)
def test_hostile_text_is_cleaned_or_refused(text):
    try:
        cleaned = clean_text(text, max_chars=40)
    except InvalidError:
        return

    assert 0 < len(cleaned) <= 40
    assert cleaned == cleaned.strip() == unicodedata.normalize("NFC", cleaned)
    assert all(c in "\n\t" or unicodedata.category(c) != "Cc" for c in cleaned)
    assert clean_text(cleaned, max_chars=40) == cleaned
    cleaned.encode()


@settings(max_examples=150)
@given(HOSTILE)
def test_links_and_names_of_hostile_text_stand_where_they_say(text):
    links = find_links(text)
    names = find_names(text, links)
    parts = sorted([(x.start, x.end) for x in [*links, *names]])

    for link in links:
        assert text[link.start : link.end] == link.url
        assert link.url.lower().startswith(("http://", "https://"))
    for name in names:
        assert text[name.start : name.end].lower() == f"@{name.username}"
    assert all(0 <= start < end <= len(text) for start, end in parts)
    assert all(a[1] <= b[0] for a, b in pairwise(parts))


def test_a_text_is_stored_composed_without_control_marks_or_outer_space():
    assert clean_text("\n cafe\x00\u0301\r\nne\x07xt \t", max_chars=9) == "café\nnext"


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\u200b\u200d", "\u2028", "\0\x1f", "\u202e"]
)
def test_nothing_visible_is_nothing_to_post(text):
    with pytest.raises(InvalidError, match="nothing to post"):
        clean_text(text, max_chars=500)


@pytest.mark.parametrize("text", ["😀", "\U0001fae8", "的", "?", "\u0e33"])
def test_one_visible_mark_is_enough_also_of_newer_scripts_than_pythons(text):
    assert clean_text(text, max_chars=500)


def test_half_a_surrogate_pair_cannot_be_posted():
    with pytest.raises(InvalidError, match="cannot be posted"):
        clean_text("a\ud83d", max_chars=500)


def test_the_limit_counts_what_is_left_after_cleaning():
    assert clean_text(" " + "e\u0301" * 500 + "\0", max_chars=500) == "é" * 500
    with pytest.raises(InvalidError, match="too long") as refused:
        clean_text("x" * 503, max_chars=500)

    assert "3 too many" in refused.value.fields["status"]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x)", ["https://a.example/x"]),
        ("https://a.example/x_(y)", ["https://a.example/x_(y)"]),
        ("HTTP://A.example:80?q=1#z!", ["HTTP://A.example:80?q=1#z"]),
        ("http://a http://b", ["http://a", "http://b"]),
        ("https://münchen.example/ü", ["https://münchen.example/ü"]),
        ("ftp://a.example javascript:alert(1) //a.example", []),
        ("https://user:pw@a.example https://user@a.example", []),
        ("https:// https://? http://... http://:80", []),
        ("https://a.example:port https://a.example:٣", []),
        ("https://[::1]/ https://a\\b.example", []),
        ('https://a.example/"onx', ["https://a.example/"]),
        ("https://a.example/\x01x", ["https://a.example/"]),
    ],
)
def test_links_are_http_addresses_without_trailing_marks(text, urls):
    assert [link.url for link in find_links(text)] == urls


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@alice and @Bob_2!", ["alice", "bob_2"]),
        ("@alice@bob", []),
        ("mail alice@example.org", []),
        ("é@alice 的@bob", []),
        ("(@alice) .@bob /@carol", ["alice"]),
        ("@alice的 hi", ["alice"]),
        ("@" + "a" * 30, ["a" * 30]),
        ("@" + "a" * 31, []),
        ("@alice @alice", ["alice", "alice"]),
        ("https://a.example/?x=(@alice) @bob", ["bob"]),
    ],
)
def test_names_stand_alone_and_outside_of_links(text, names):
    found = find_names(text, find_links(text))

    assert [name.username for name in found] == names


def test_a_text_names_a_limited_number_of_people():
    text = " ".join(f"@n{i}" for i in range(MAX_MENTIONS + 5)) + " @n0"
    found = find_names(text, ())

    assert len({name.username for name in found}) == MAX_MENTIONS
    assert found[-1].username == "n0"


@pytest.mark.parametrize(
    "text",
    [
        "http://" + "a" * 20_000 + ":",
        "http://a" + ")" * 20_000,
        "http://a/" + "(" * 10_000 + ")" * 10_000,
        "@" * 20_000,
        "@a" * 10_000,
        "http://" * 3_000,
    ],
)
def test_text_made_to_be_slow_is_parsed_in_no_time(text):
    began = time.process_time()
    find_names(text, find_links(text))

    assert time.process_time() - began < 0.2
