from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings

from kwip.domain.errors import InvalidError
from kwip.text.cleaning import (
    POINTS_PER_CHAR,
    clean_text,
    clean_warning,
    count_chars,
    length_problem,
)
from tests.hostile import ANYTHING

FAMILY = "👩🏽\u200d👩🏽\u200d👧🏽\u200d👧🏽"


def problem_of(text, **more):
    with pytest.raises(InvalidError) as refused:
        clean_text(text, **more)
    return refused.value.fields["status"]


@settings(max_examples=150)
@given(ANYTHING)
def test_hostile_text_is_cleaned_or_refused(text):
    try:
        cleaned = clean_text(text, max_chars=40)
    except InvalidError:
        return

    assert 0 < count_chars(cleaned) <= 40
    assert len(cleaned) <= 40 * POINTS_PER_CHAR
    assert cleaned == cleaned.strip() == unicodedata.normalize("NFC", cleaned)
    assert all(c in "\n\t" or unicodedata.category(c) != "Cc" for c in cleaned)
    assert clean_text(cleaned, max_chars=40) == cleaned
    cleaned.encode()


@settings(max_examples=150)
@given(ANYTHING)
def test_a_hostile_warning_is_one_clean_line_or_refused(text):
    try:
        cleaned = clean_warning(text)
    except InvalidError:
        return

    assert cleaned == unicodedata.normalize("NFC", cleaned)
    assert "\n" not in cleaned
    assert len(cleaned.splitlines()) <= 1
    assert clean_warning(cleaned) == cleaned


def test_a_text_is_stored_composed_without_control_marks_or_outer_space():
    assert clean_text("\n cafe\x00\u0301\r\nne\x07xt \t", max_chars=9) == "café\nnext"


@pytest.mark.parametrize(
    "text",
    [
        *("", " \n\t", "\u200b\u200d", "\u2028", "\0\x1f", "\u202e"),
        *("\u3164", "\u115f\u1160", "\u2800", "\ufe0f", "\U000e0061"),
    ],
)
def test_nothing_visible_is_nothing_to_post(text):
    with pytest.raises(InvalidError, match="empty kwip"):
        clean_text(text, max_chars=500)


@pytest.mark.parametrize("text", ["😀", "\U0001fae8", "的", "?", "\u0e33"])
def test_one_visible_mark_is_enough_also_of_newer_scripts_than_pythons(text):
    assert clean_text(text, max_chars=500)


def test_half_a_surrogate_pair_cannot_be_posted():
    with pytest.raises(InvalidError, match="can't be posted"):
        clean_text("a\ud83d", max_chars=500)
    with pytest.raises(InvalidError, match="can't be posted"):
        clean_warning("a\ud83d")


@pytest.mark.parametrize(
    ("text", "chars"),
    [
        ("", 0),
        ("abc\n", 4),
        ("a\r\nb", 3),
        ("é", 1),
        ("e\u0301\u0302", 1),
        (FAMILY, 1),
        ("🇩🇪🇫🇷", 2),
        ("क्षि", 1),
        ("한글", 2),
        ("각", 1),
        ("ไทย", 3),
        ("1\ufe0f\u20e3", 1),
    ],
)
def test_characters_are_counted_as_people_see_them(text, chars):
    assert count_chars(text) == chars


def test_the_limit_counts_what_is_left_after_cleaning():
    assert clean_text(" " + "e\u0301" * 500 + "\0", max_chars=500) == "é" * 500
    assert clean_text(FAMILY * 500, max_chars=500) == FAMILY * 500


def test_an_error_says_how_many_characters_are_too_many():
    assert problem_of("x" * 503, max_chars=500) == (
        "Use up to 500 characters. This has 3 too many."
    )
    assert problem_of(FAMILY * 11, max_chars=10) == (
        "Use up to 10 characters. This has 1 too many."
    )


def test_marks_on_one_letter_are_no_way_around_the_limit():
    marks = "x" + "\u0301" * (10 * POINTS_PER_CHAR - 1)

    assert clean_text(marks, max_chars=10) == marks
    assert problem_of(marks + "\u0302" * 3, max_chars=10).endswith(
        "This has 3 too many."
    )


def test_a_warning_counts_together_with_the_text():
    assert clean_text("x" * 7, max_chars=10, warning="abc") == "x" * 7
    assert problem_of("x" * 8, max_chars=10, warning="abc") == (
        "Use up to 10 characters including the warning. This has 1 too many."
    )


def test_a_warning_is_one_line_or_none():
    assert clean_warning(" a\r\nb\t c\u2028d\x07 ") == "a b c d"
    assert clean_warning("\u200b \n") == ""


def test_what_fits_has_no_problem():
    assert length_problem(FAMILY, max_chars=1) is None
    assert length_problem("", max_chars=0) is None
