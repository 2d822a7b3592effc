from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.errors import InvalidError
from kwip.text.emails import clean_email, read_email

#: Anything at all, broken Unicode included.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.mark.parametrize(
    ("text", "address", "key"),
    [
        ("A.B+c@Example.ORG", "A.B+c@Example.ORG", "a.b+c@example.org"),
        (" x@y.zz ", "x@y.zz", "x@y.zz"),
        ("Straße@example.org", "Straße@example.org", "straße@example.org"),
        ("a@Faß.de", "a@Faß.de", "a@xn--fa-hia.de"),
        ("a@XN--FA-HIA.de", "a@XN--FA-HIA.de", "a@xn--fa-hia.de"),
        ("e\u0301@b.de", "e\u0301@b.de", "é@b.de"),
        ("用户@例え。テスト", "用户@例え。テスト", "用户@xn--r8jz45g.xn--zckzah"),
        ("İ@b.de", "İ@b.de", "i\u0307@b.de"),
    ],
)
def test_an_address_is_kept_as_typed_and_has_a_key(text, address, key):
    email = clean_email(text)

    assert (email.address, email.key) == (address, key)


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "a@b", "a@b.c", "@b.cd", "a b@c.de", "a@b@c.de", "a@.de"),
        *("a@b.de\nBcc: c@d.ef", "a\0@b.de", "a\x1b@b.de", "\ud800@b.de"),
        *("a@b.de.", "a@b..de", "a@-.de", "a@b c.de", "a@1.2.3.44", "a@b.de>"),
        "a@\u202eb.de",
        "a" * 65 + "@b.de",
        "a@" + "b" * 300 + ".de",
        "a@" + "b" * 64 + ".de",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidError) as refused:
        clean_email(text)

    assert list(refused.value.fields) == ["email"]


@settings(max_examples=60)
@given(ANY_TEXT)
def test_hostile_input_is_read_or_refused(text):
    assert read_email(read_email(text).key).key == read_email(text).key
    for each in (text, f"{text}@example.org", f"a@{text}.org"):
        try:
            email = clean_email(each)
        except InvalidError:
            continue
        email.address.encode()
        assert clean_email(email.address) == email
        assert clean_email(email.key).key == email.key
