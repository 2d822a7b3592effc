"""Texts in any script are found by their words."""

from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.posting.posts import Post, Visibility
from kwip.text.parsing import parse
from kwip.text.queries import parse_query
from kwip.text.terms import MAX_TERMS, stored_terms, text_of


def post(text, **fields):
    return Post(
        id=1,
        author_id=2,
        root_id=1,
        text=text,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        links=parse(text, host="kwip.example").links,
        hashtags=parse(text, host="kwip.example").hashtags,
        **({"visibility": Visibility.PUBLIC} | fields),
    )


def finds(query, text, language=None):
    return parse_query(query).matches(text_of(post(text, language=language)))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("cafe", "Un café, s'il vous plaît"),
        ("CAFÉ", "un cafe"),
        ("eau", "l'eau"),
        ("l'eau", "de l\u2019eau"),
        ("don't", "I don\u2019t know"),
        ("strasse", "Große Straße"),
        ("STRASSE", "Große Straße"),
        ("straße", "Grosse Strasse"),
        ("Müller", "Frau Mueller"),
        ("mueller", "Frau Müller"),
        ("muller", "Frau Müller"),
        ("smorrebrod", "Smørrebrød"),
        ("istanbul", "İSTANBUL"),
        ("елка", "Ёлка"),
        ("हिन्दी", "मैं हिन्दी बोलता हूँ"),
        ("الكتاب", "هذا الكِتابُ جديد"),
        ("مدرسة", "في المدرسه مدرسه"),
        ("שלום", "שָׁלוֹם"),
        ("東京", "東京都に行く"),
        ("東京都", "東京都に行く"),
        ("猫", "猫が好き"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("中文", "我会说中文"),
        ("ภาษาไทย", "ฉันพูดภาษาไทยได้"),
        ("서울", "서울에서 만나요"),
        ("node.js", "we use Node.js here"),
        ("example.com", "see https://docs.example.com/page"),
        ("https://example.com/other", "see example.com/page"),
        ("#Tea", "a #tea"),
        ("tea", "a #tea"),
        ("ＴＥＡ", "tea"),
        ("te\u0301a", "téa"),
        ("“green tea”", "green  tea"),
        ("foo_bar", "foo_bar()"),
    ],
)
def test_a_text_is_found(query, text):
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("カキ", "ガギ"),
        ("京東", "東京"),
        ("東京都", "京都は東京から遠い"),
        ("कि", "की"),
        ("tea", "team"),
        ('"green tea"', "tea green"),
        ("page", "see https://example.com/page"),
        ("news", "a new one"),
        ("#tea", "tea"),
    ],
)
def test_another_text_is_not_found(query, text):
    assert not finds(query, text, "en")


@pytest.mark.parametrize(
    ("query", "text", "language"),
    [
        ("run", "she was running", "en"),
        ("running", "runs", "en-GB"),
        ("haus", "viele Häuser", "de"),
        ("chanter", "il chantait", "fr"),
        ("книга", "две книги", "ru"),
        ("casas", "una casa", "es"),
        ("language:de häusern", "ein Haus", "de"),
    ],
)
def test_a_word_is_found_in_other_forms(query, text, language):
    assert finds(query, text, language)
    if not query.startswith("language"):
        assert not finds(query, text)


def test_what_is_not_public_has_its_authors_mark_on_every_term():
    terms = stored_terms(post("tea", visibility=Visibility.FOLLOWERS))

    assert terms == ["~2:from:2", "~2:tea"]


def test_terms_are_few_and_short_whatever_the_text():
    many = stored_terms(post(" ".join(f"word{n}" for n in range(5_000))))
    long = stored_terms(post("é" * 20_000 + " " + "." * 20_000 + "a.b" * 5_000))

    assert len(many) == MAX_TERMS
    assert max(map(len, long)) <= 40


def test_tombstones_and_reposts_have_no_terms():
    assert stored_terms(post("tea", is_tombstone=True)) == []
    assert stored_terms(post("tea", repost_of_id=7)) == []
