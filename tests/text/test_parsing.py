from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings

from kwip.text.hashtags import NAME_MAX, clean_hashtag
from kwip.text.parsing import MAX_HASHTAGS, MAX_MENTIONS, parse
from tests.hostile import ANYTHING

HOST = "kwip.example"


def names_in(text, host=HOST):
    return [name.username for name in parse(text, host=host).names]


def tags_in(text):
    return [tag.name for tag in parse(text, host=HOST).hashtags]


@settings(max_examples=300)
@given(ANYTHING)
def test_entities_of_hostile_text_stand_where_they_say(text):
    found = parse(text, host=HOST)

    for kind in (found.links, found.names, found.hashtags):
        assert list(kind) == sorted(kind, key=lambda e: e.start)
    spans = sorted(
        (e.start, e.end) for e in (*found.links, *found.names, *found.hashtags)
    )
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert parse(text, host=HOST) == found


@settings(max_examples=300)
@given(ANYTHING)
def test_entities_of_hostile_text_are_what_stands_there(text):
    found = parse(text, host=HOST)

    for link in found.links:
        scheme, _, rest = link.url.partition("://")
        authority = rest.partition("/")[0].partition("?")[0].partition("#")[0]

        assert scheme in {"http", "https"}
        assert authority.isascii()
        assert not set(authority) & set("@\\%[]<>\"'")
        assert text[link.start : link.end][-1] == link.url[-1] or link.url.isascii()
    for name in found.names:
        written = text[name.start : name.end].lower().replace("＠", "@")
        assert written in {f"@{name.username}", f"@{name.username}@{HOST}"}
    for tag in found.hashtags:
        assert clean_hashtag(text[tag.start : tag.end]) == tag.name
        assert len(tag.name) <= NAME_MAX


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@alice and @Bob_2!", ["alice", "bob_2"]),
        ("@alice@bob @@carol", []),
        ("mail alice@example.org 1@example.org _@example.org", []),
        ("é@alice я@bob", []),
        ("的@alice ไทย@bob 안녕@carol", ["alice", "bob", "carol"]),
        ("(@alice) .@bob ＠carol /@dave", ["alice", "bob", "carol"]),
        ("@alice的 @bob님 @carol。", ["alice", "bob", "carol"]),
        ("@aliceé @bob\u0301 @carolя @dave٣", []),
        ("@" + "a" * 30, ["a" * 30]),
        ("@" + "a" * 31, []),
        ("@alice @alice", ["alice", "alice"]),
        ("https://a.example/?x=(@alice) @bob", ["bob"]),
        ("https://a.example/@alice", []),
    ],
)
def test_names_stand_alone_and_outside_of_links(text, names):
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@alice@kwip.example.", ["alice"]),
        ("@alice@KWIP.Example的", ["alice"]),
        ("＠alice＠kwip.example", ["alice"]),
        ("@alice@kwip.example.org @bob@akwip.example @carol@kwip.examplé", []),
        ("@alice@kwip.example:80 @bob@kwip.example@kwip.example", []),
        ("@alice@other.example/@bob", []),
    ],
)
def test_a_name_at_our_host_is_ours_and_at_another_one_is_text(text, names):
    assert names_in(text) == names


def test_a_name_with_our_host_stands_there_as_a_whole():
    (name,) = parse("hi @Alice@localhost:8000!", host="localhost:8000").names

    assert (name.start, name.end, name.username) == (3, 24, "alice")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#foo #Foo ＃日本語タグ。", ["foo", "foo", "日本語タグ"]),
        ("今日は#雨 Привет#нет a#b 1#c _#d", ["雨"]),
        ("(#a) \n#b .#c", ["a", "b", "c"]),
        ("#1 #_ #1️⃣ #️⃣ # ##x &#x27; /#x @#x", []),
        ("#1a #a_1 #٣ب", ["1a", "a_1", "٣ب"]),
        ("#foo-bar #foo. #foo's #a·b· #a#b", ["foo", "foo", "foo", "a·b", "a"]),
        ("#می\u200cخواهم #fo\u200do #क्\u200dष", ["می\u200cخواهم", "fo", "क्\u200dष"]),
        ("#x@alice @bob#x", ["x"]),
        ("https://a.example/#x example.org/#y", []),
        ("#日本https://a.example/", ["日本"]),
        ("#" + "a" * NAME_MAX, ["a" * NAME_MAX]),
        ("#" + "a" * (NAME_MAX + 1), []),
    ],
)
def test_tags_of_any_script_stand_outside_of_words_and_links(text, tags):
    assert tags_in(text) == tags


def test_a_text_names_a_limited_number_of_people():
    found = names_in(" ".join(f"@n{i}" for i in range(MAX_MENTIONS + 5)) + " @n0")

    assert len(set(found)) == MAX_MENTIONS
    assert found[-1] == "n0"


def test_a_text_has_a_limited_number_of_tags():
    found = tags_in(" ".join(f"#t{i}" for i in range(MAX_HASHTAGS + 5)) + " #t0")

    assert len(set(found)) == MAX_HASHTAGS
    assert found[-1] == "t0"


SLOW = [
    *("a", "a.", "a-", "@", "#", "@a", "#a", "http://", "www.a.org ", "www.a.org@"),
    *("example.org?", "a.b ", "e\u0301", "#a\u200d", "#क्\u200d", "aあ", "-", "a·"),
    *("@a@kwip.example", "http://é.é/", "http://" + "éあ." * 80 + " ", "example.org/"),
]
SLOW_ENDS = [
    *(("http://", "a", ":"), ("http://a", ")", ""), ("http://a/", ".", "x")),
    *(
        ("http://a", ":", "@"),
        ("#", "a", "#"),
        ("@a@", "a.", "@"),
        ("http://a/", "([", ""),
    ),
]


def seconds_for(text):
    """Measure the processor's time, the least of three."""
    spent = []
    for _ in range(3):
        began = time.process_time()
        parse(text, host=HOST)
        spent.append(time.process_time() - began)
    return min(spent)


@pytest.mark.parametrize(
    ("begin", "piece", "end"), [*(("", piece, "") for piece in SLOW), *SLOW_ENDS]
)
def test_a_text_ten_times_as_long_takes_no_hundred_times_as_long(begin, piece, end):
    short, long = (
        begin + piece * (chars // len(piece)) + end for chars in (2_000, 20_000)
    )

    # Ten times is linear, a hundred times would be quadratic.
    assert seconds_for(long) < 50 * max(seconds_for(short), 0.000_2)
