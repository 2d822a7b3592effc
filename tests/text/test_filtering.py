from __future__ import annotations

import time
from dataclasses import replace

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from kwip.domain.clock import at
from kwip.domain.ids import PostId
from kwip.domain.posting.polls import Option, Poll
from kwip.domain.social.keyword_filters import (
    Filter,
    FilterContext,
    FilteredPost,
    Keyword,
)
from kwip.text.filtering import matcher_of
from kwip.text.scripts import SPACED
from tests.store.stores import post

HOME = (FilterContext.HOME,)


def found(keyword, text, *, is_whole_word=True, **fields):
    """Return which keywords of a filter match a post."""
    made = Filter(
        id=1,
        title="A filter",
        contexts=HOME,
        keywords=(Keyword(2, keyword, is_whole_word),),
    )
    said = replace(post(7, 1), id=PostId(7), text=text, **fields)
    return [k for m in matcher_of((made,)).matches(said, 0) for k in m.keywords]


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("cat", "A CAT, sleeping"),
        ("big cat", "the big\ncat!"),
        ("#cat", "look #cat"),
        ("Straße", "STRASSE"),
        ("CAFE\u0301", "un café"),
        ("don't", "I don\u2019t"),
        ("क", "क ख"),
        ("日本", "日本語です"),
        ("c++", "in C++17"),
        ("wor\u00adld", "the world"),
    ],
)
def test_a_whole_word_is_found_in_any_script_and_letter_case(keyword, text):
    assert found(keyword, text) == [keyword]


@pytest.mark.parametrize(
    ("keyword", "text"),
    [("cat", "concatenate cats"), ("क", "कि"), ("e", "\u0065\u0301t\u00e9"), ("", "a")],
)
def test_a_whole_word_is_not_found_inside_of_others(keyword, text):
    assert found(keyword, text) == []


def test_without_whole_words_a_keyword_is_found_anywhere():
    assert found("big cat", "the xbig cats", is_whole_word=False) == ["big cat"]


def has_word(keyword, text):
    """Find a whole word as its definition says: no letter is beside its letters."""
    edges = [keyword[:1], keyword[-1:]]
    before, after = (regex.match(SPACED, each, regex.V1) for each in edges)
    pattern = rf"(?<!{SPACED})" if before else ""
    pattern += regex.escape(keyword) + (rf"(?!{SPACED})" if after else "")
    return regex.search(pattern, text, regex.V1) is not None


@given(*[st.text("ab #\u0915\u093f\u65e5.", min_size=n, max_size=9) for n in (1, 0)])
def test_words_are_found_as_by_a_search_for_what_is_beside_them(keyword, text):
    keyword, text = (" ".join(each.split()) for each in (keyword, text))
    is_found = bool(keyword) and has_word(keyword, text)

    assert found(keyword, text) == [keyword] * is_found


def test_all_that_a_post_says_is_searched_and_nothing_spans_two_parts():
    poll = Poll(options=(Option("tea"), Option("rye")), expires_at=at(0))

    assert found("rye", "", poll=poll) == ["rye"]
    assert found("spoiler", "of it", warning="A spoiler") == ["spoiler"]
    assert found("spoiler of", "of it", warning="A spoiler") == []


def test_a_filter_matches_its_posts_until_it_expires():
    made = Filter(
        id=1,
        title="One",
        contexts=HOME,
        posts=(FilteredPost(3, PostId(7)),),
        expires_ms=1_000,
    )
    matcher, seven = matcher_of((made,)), replace(post(7, 1), id=PostId(7))

    assert [m.post_ids for m in matcher.matches(seven, 999)] == [(7,)]
    assert matcher.matches(seven, 1_000) == ()
    assert matcher.matches(post(8, 1), 999) == ()


def test_the_worst_keywords_and_the_longest_text_take_no_time():
    words = (f"{'a' * 48}{chr(98 + n % 20)}{'a' * 49}" for n in range(200))
    keywords = tuple(Keyword(n, w, is_whole_word=True) for n, w in enumerate(words))
    matcher = matcher_of((Filter(id=1, title="x", contexts=HOME, keywords=keywords),))
    said = replace(post(7, 1), text="a" * 10_000)
    begun = time.process_time()
    for _ in range(10):
        assert matcher.matches(said, 0) == ()

    assert time.process_time() - begun < 5
