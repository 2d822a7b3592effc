from __future__ import annotations

import io

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest
from werkzeug.test import EnvironBuilder

from kwip.blueprints import bodies


def request(data=b"", content_type=None, query=""):
    environ = EnvironBuilder(
        method="POST", query_string=query, input_stream=io.BytesIO(data)
    ).get_environ()
    environ["CONTENT_LENGTH"] = str(len(data))
    environ.pop("CONTENT_TYPE", None)
    if content_type:
        environ["CONTENT_TYPE"] = content_type
    return Request(environ)


MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="status"\r\n\r\nhi\r\n'
    b'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n1\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b'{"status": "hi", "n": "1"}', "application/json"),
        (b'{"status": "hi", "n": "1"}', "application/json; charset=utf-8"),
        (b'{"status": "hi", "n": "1"}', None),
        (b"status=hi&n=1", "application/x-www-form-urlencoded"),
        (b"status=hi&n=1", None),
        (b"status=hi&n=1", "text/plain"),
        (MULTIPART, "multipart/form-data; boundary=b"),
    ],
)
def test_a_body_is_read_in_every_form_in_which_it_comes(data, content_type):
    assert bodies.read(request(data, content_type)) == {"status": "hi", "n": "1"}


def test_the_body_wins_over_the_query():
    read = bodies.read(request(b"a=body", query="a=query&b=query"))

    assert read == {"a": "body", "b": "query"}


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[1]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": "\xc3\x28"}',
    ],
    ids=lambda data: repr(data[:12]),
)
def test_json_that_cannot_be_read_is_a_bad_request(data):
    with pytest.raises(BadRequest):
        bodies.read(request(data, "application/json"))


@pytest.mark.parametrize("data", [b"a=%ff\xff", b"&".join([b"a=1"] * 501)])
def test_a_form_without_a_type_that_cannot_be_read_is_a_bad_request(data):
    with pytest.raises(BadRequest):
        bodies.read(request(data))


def test_rails_keys_become_lists_and_objects():
    pairs = [
        ("id[]", "1"),
        ("id[]", "2"),
        ("source[privacy]", "private"),
        ("poll[options][]", "a"),
        ("poll[options][]", "b"),
        ("fields_attributes[0][name]", "x"),
    ]

    assert bodies.unnest(pairs) == {
        "id": ["1", "2"],
        "source": {"privacy": "private"},
        "poll": {"options": ["a", "b"]},
        "fields_attributes": {"0": {"name": "x"}},
    }


def test_a_key_that_repeats_begins_the_next_object_of_a_list():
    pairs = [
        ("lines[][name]", "a"), ("lines[][value]", "1"),
        ("lines[][value]", "2"), ("lines[][name]", "b"),
        ("lines[][name]", "c"),
    ]  # fmt: skip

    assert bodies.unnest(pairs) == {
        "lines": [
            {"name": "a", "value": "1"},
            {"value": "2", "name": "b"},
            {"name": "c"},
        ]
    }


@pytest.mark.parametrize("key", ["a[", "a]", "[a]", "a[b]c", "a" + "[b]" * 5, ""])
def test_a_key_that_is_not_well_formed_stays_as_it_is(key):
    assert bodies.unnest([(key, "1")]) == {key: "1"}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["a", "a[]", "a[b]", "a[b][]", "a[][]", "a[][b]", "a[][c]", "a[b][c]"]
            ),
            st.text(max_size=3),
        )
    )
)
def test_keys_that_contradict_each_other_do_no_harm(pairs):
    assert set(bodies.unnest(pairs)) <= {"a"}
