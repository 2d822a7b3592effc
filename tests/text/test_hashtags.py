from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings

from kwip.domain.errors import InvalidError
from kwip.text.hashtags import NAME_MAX, clean_hashtag, name_of
from tests.hostile import HOSTILE


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Foo", "foo"),
        ("#Foo", "foo"),
        ("＃タグ", "タグ"),
        (" #ＦＯＯ１ ", "foo1"),
        ("Straße", "strasse"),
        ("ﬁn", "fin"),
        ("cafe\u0301", "café"),
        ("葛\U000e0100飾", "葛飾"),
        ("col·lecció", "col·lecció"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("हिन्दी", "हिन्दी"),
        ("a_1", "a_1"),
    ],
)
def test_a_tag_has_one_form(written, name):
    assert clean_hashtag(written) == name
    assert clean_hashtag(name) == name


@pytest.mark.parametrize(
    "written",
    [
        *("", "#", "##a", "12", "٣", "_", "a b", "a-b", "a/b", "a.b", "<b>", "ﷺ"),
        *("·a", "a·", "a··b", "\u0301a", "\u3164", "a\u200db", "a\u202eb", "\ud800"),
        "a" * (NAME_MAX + 1),
    ],
)
def test_what_is_no_tag_is_refused(written):
    with pytest.raises(InvalidError, match="isn't a hashtag") as refused:
        clean_hashtag(written)

    assert "at least one letter" in refused.value.fields["hashtag"]


@settings(max_examples=100)
@given(HOSTILE)
def test_a_name_is_the_name_of_itself(text):
    name = name_of(text)

    assert name is None or (name_of(name) == name and len(name) <= NAME_MAX)


def test_every_letter_that_has_other_forms_gets_one():
    letters = map(chr, range(sys.maxunicode + 1))
    folded = [c for c in letters if unicodedata.normalize("NFKD", c).casefold() != c]
    names = {name_of(f"a{c}") for c in folded} - {None}

    assert len(names) > 10_000
    assert [name for name in names if name_of(name) != name] == []
