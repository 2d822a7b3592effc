from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.accounts.users import (
    RESERVED_USERNAMES,
    User,
    check_password,
    clean_username,
)
from kwip.domain.errors import InvalidError

#: Anything at all, broken Unicode included.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Alice", "alice"),
        (" @bob_2 ", "bob_2"),
        ("_", "_"),
        ("a\n", "a"),
        ("A" * 30, "a" * 30),
    ],
)
def test_a_username_is_brought_into_its_one_form(text, name):
    assert clean_username(text) == name


@pytest.mark.parametrize(
    "text",
    ["", "@", "a" * 31, "a b", "a-b", "é", "\u0430lice", "a\0", "@@a", "٣", *"./?#"],
)
def test_a_username_is_nothing_but_letters_digits_and_underscores(text):
    with pytest.raises(InvalidError) as refused:
        clean_username(text)

    assert "letters" in refused.value.fields["username"]


@pytest.mark.parametrize("name", sorted(RESERVED_USERNAMES))
def test_reserved_names_are_refused_in_any_case(name):
    with pytest.raises(InvalidError) as refused:
        clean_username(f"@{name.upper()}")

    assert "reserved" in refused.value.fields["username"]


@pytest.mark.parametrize("length", [8, 256])
def test_a_password_of_an_allowed_length_is_taken_as_it_is(length):
    assert check_password(" " * length) == " " * length


@pytest.mark.parametrize("text", ["", "1234567", "x" * 257, "12345678\udfff"])
def test_other_passwords_are_refused(text):
    with pytest.raises(InvalidError):
        check_password(text)


@settings(max_examples=60)
@given(ANY_TEXT)
def test_hostile_input_is_cleaned_or_refused(text):
    for clean in (clean_username, check_password):
        try:
            cleaned = clean(text)
        except InvalidError:
            continue
        cleaned.encode()
        assert clean(cleaned) == cleaned


def test_a_user_without_a_display_name_is_called_by_the_username():
    plain = User(id=1, username="alice", display_name="")

    assert plain.name == "alice"
    assert User(id=1, username="alice", display_name="Alice").name == "Alice"
