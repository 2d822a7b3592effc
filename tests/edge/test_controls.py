"""Control characters, which no person types: refused before anything reads them."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.people import sign_in

#: The first and the last of each range.
CONTROLS = ["\0", "\x08", "\x0e", "\x1b", "\x1f", "\x7f", "\x80", "\x9f"]
SPACES = ["\t", "\n", "\r\n", "\x0b", "\x0c", "\x85"]
ADDRESSES = ["/login", "/", "/nowhere", "/api/v2/search", "/api/widgets/v1/public"]


@pytest.mark.parametrize("control", CONTROLS)
def test_an_address_with_a_control_character_is_a_bad_request(client, control):
    for path in ADDRESSES:
        for query in ({"next": f"/{control}form{control}"}, {f"x{control}": "1"}):
            answer = client.get(path, query_string=query)

            assert (path, answer.status_code) == (path, 400)
            assert "ontains characters we can" in answer.text
            assert control not in answer.text
        assert client.get(f"{path.rstrip('/')}/{control}x").status_code == 400


def test_a_parameter_with_a_control_character_is_named(client):
    answer = client.get("/api/v2/search", query_string={"q": "a\0b"})

    assert answer.json == {"error": "“q” contains characters we can't store."}


@pytest.mark.parametrize("space", SPACES)
def test_white_space_may_stand_in_a_query_but_in_no_path(alice, client, space):
    asked = {"q": f"two{space}words"}

    assert alice.get("/api/v2/search", query_string=asked).status_code == 200
    assert client.get(f"/tags/two{quote(space)}words").status_code == 400


@pytest.fixture
def at_alice(app, wiring, alice):
    return sign_in(app, wiring, alice)


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_form_with_a_control_character_is_refused_and_its_text_shown(
    at_alice, alice, control, kind
):
    form = {"csrf_token": at_alice.form_token, "key": "1" * 32, "text": "my words"}
    for sent in (
        {"text": f"my words{control}"},
        {"warning": control},
        {f"x{control}": "1"},
    ):
        answer = at_alice.post("/compose", data=form | sent, content_type=kind)

        assert answer.status_code == 400
        assert "ontains characters we can" in answer.text
        assert "my words" in answer.text
    assert alice.get("/api/v1/timelines/home").json == []


@pytest.mark.parametrize("space", SPACES)
def test_a_form_takes_white_space(at_alice, alice, space):
    form = {"csrf_token": at_alice.form_token, "key": "1" * 32, "text": f"a{space}b"}

    assert at_alice.post("/compose", data=form).status_code == 303
    assert len(alice.get("/api/v1/timelines/home").json) == 1


@pytest.mark.parametrize("control", CONTROLS)
def test_a_body_with_a_control_character_is_refused_and_its_field_named(alice, control):
    for sent in (
        {"json": {"status": f"a{control}b"}},
        {"data": {"status": f"a{control}b"}},
    ):
        answer = alice.post("/api/v1/statuses", **sent)

        assert answer.status_code == 422
        assert answer.json["details"]["status"][0]["description"] == (
            "Contains characters we can't store."
        )


@pytest.mark.parametrize("space", SPACES)
def test_a_body_takes_white_space(alice, space):
    assert alice.say(f"a{space}b")["id"]
