"""What becomes of the texts of a profile."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.users import ProfileChange, ProfileField
from kwip.services.accounts.users import SignUp
from kwip.text.profiles import cleaned

#: A Hangul filler, joiners of nothing, a Braille cell without dots, a selector.
NOTHING = ["\u3164", "\u115f\u1160", "\u200d\u200c", "\u2800 \u2800", "\ufe0f", "\n\n"]


def clean(**change):
    wrong = {}
    changes = cleaned(ProfileChange(**change), wrong)
    return changes, wrong


@pytest.mark.parametrize("between", ["\n", "\r\n", "\u2028", "\t", " \n\n "])
def test_a_name_is_one_line_and_a_bio_may_be_several(between):
    changes, wrong = clean(display_name=f" Ann{between}Lee\n", bio="one\ntwo")

    assert wrong == {}
    assert changes == {"display_name": "Ann Lee", "bio": "one\ntwo"}


@pytest.mark.parametrize("nothing", NOTHING)
def test_texts_in_which_nobody_sees_anything_are_empty(nothing):
    lines = (ProfileField(nothing, nothing),)
    changes, wrong = clean(display_name=nothing, bio=nothing, fields=lines)

    assert wrong == {}
    assert changes == {"display_name": "", "bio": "", "fields": ()}


def test_what_is_seen_keeps_what_holds_it_together():
    for name in ("👩\u200d👧", "می\u200cخواهم", "❤\ufe0f", "한\u3164글"):
        assert clean(display_name=name)[0] == {"display_name": name}


def test_a_name_is_cleaned_at_sign_up_too(kwip):
    form = SignUp(
        username="ann",
        email="ann@example.org",
        password="correct horse",
        display_name="Ann\nLee",
        bio="one\ntwo",
    )
    made = kwip.services.users.sign_up(form)

    assert (made.display_name, made.bio) == ("Ann Lee", "one\ntwo")
