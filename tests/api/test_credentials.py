from __future__ import annotations

import io

import pytest

from tests.pictures import opened, plain

PATH = "/api/v1/accounts/update_credentials"


def change(person, **options):
    return person.ask("PATCH", PATH, **options)


def own(person):
    return person.get("/api/v1/accounts/verify_credentials").json


def test_what_is_sent_is_changed_and_the_rest_stays(alice, client):
    first = change(
        alice, json={"display_name": "Alice M", "note": "I <3 https://example.org"}
    )
    second = change(alice, data={"note": "bakes"})

    assert first.status_code == second.status_code == 200
    assert first.json["source"]["note"] == "I <3 https://example.org"
    assert '<a href="https://example.org"' in first.json["note"]
    assert second.json == own(alice)
    assert second.json["display_name"] == "Alice M"
    assert second.json["note"] == "<p>bakes</p>"
    assert change(alice).json == second.json
    other = client.get(f"/api/v1/accounts/{alice.id}").json
    assert other["note"] == "<p>bakes</p>"


LINES = [("Home", "https://example.org"), ("City", "Graz")]


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"fields_attributes": [{"name": n, "value": v} for n, v in LINES]}},
        {
            "json": {
                "fields_attributes": {
                    str(i): {"name": n, "value": v} for i, (n, v) in enumerate(LINES)
                }
            }
        },
        {
            "data": {
                "fields_attributes[10][value]": "Graz",
                "fields_attributes[10][name]": "City",
                "fields_attributes[9][name]": "Home",
                "fields_attributes[9][value]": "https://example.org",
            }
        },
        {
            "data": "fields_attributes[][name]=Home"
            "&fields_attributes[][value]=https://example.org"
            "&fields_attributes[][name]=City&fields_attributes[][value]=Graz"
        },
    ],
    ids=["list", "object", "numbers", "brackets"],
)
def test_lines_come_in_every_form_that_rails_has(alice, options):
    account = change(alice, **options).json

    assert [(f["name"], f["value"]) for f in account["source"]["fields"]] == LINES
    assert account["fields"][1] == {
        "name": "City",
        "value": account["fields"][1]["value"],
        "verified_at": None,
    }
    assert '<a href="https://example.org"' in account["fields"][0]["value"]
    assert change(alice, json={"fields_attributes": []}).json["fields"] == []


def test_pictures_come_as_files_and_can_be_taken_away(alice, client, settings):
    before = own(alice)
    files = {
        "avatar": (io.BytesIO(plain(size=(500, 400))), "me.png"),
        "header": (io.BytesIO(plain(size=(900, 300))), "us.png"),
        "note": "bakes",
    }

    account = change(alice, data=files).json

    assert account["source"]["note"] == "bakes"
    for key in ("avatar", "header"):
        assert account[key] == account[f"{key}_static"] != before[key]
        with client.get(account[key].removeprefix(settings.origin)) as answer:
            assert opened(answer.data)
        removed = alice.ask("DELETE", f"/api/v1/profile/{key}")
        assert removed.status_code == 200
        assert removed.json[key] == before[key]
    assert own(alice)["avatar"] == before["avatar"]


@pytest.mark.parametrize("send_as", ["json", "data"])
def test_what_is_so_already_may_be_sent_and_its_change_is_refused(alice, send_as):
    same = {
        "locked": "false", "bot": "False", "hide_collections": "0",
        "discoverable": "false", "indexable": "1",
    }  # fmt: skip
    nested = {"source": {"privacy": "public", "sensitive": False, "language": None}}
    flat = {"source[privacy]": "public", "source[sensitive]": "0"}
    body = same | (nested if send_as == "json" else flat)

    assert change(alice, **{send_as: body}).status_code == 200
    for field, value in (
        ("bot", "1"), ("avatar_description", "me"),
    ):  # fmt: skip
        answer = change(alice, **{send_as: {"note": "lost?", field: value}})

        assert (field, answer.status_code) == (field, 422)
        assert list(answer.json["details"]) == [field]
    assert own(alice)["note"] == ""


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"display_name": "x" * 100}, "display_name"),
        ({"note": "x" * 501}, "note"),
        ({"note": ["x"]}, "note"),
        ({"avatar": "data:image/png;base64,AAAA"}, "avatar"),
        ({"fields_attributes": "x"}, "fields_attributes"),
        ({"fields_attributes": ["x"]}, "fields_attributes"),
        ({"fields_attributes": [{"name": 5}]}, "fields_attributes"),
        ({"fields_attributes": [{"value": "x"}]}, "fields_attributes[0][name]"),
        (
            {"fields_attributes": [{"name": str(n), "value": "x"} for n in range(5)]},
            "fields_attributes",
        ),
        ({"source": {"privacy": "private"}}, "source"),
        ({"source": {"sensitive": True}}, "source"),
        ({"source": "x"}, "source"),
    ],
)
def test_what_cannot_be_used_is_named_as_it_was_sent(alice, body, field):
    answer = change(alice, json=body)

    assert answer.status_code == 422
    assert list(answer.json["details"]) == [field]


def test_a_file_that_is_no_picture_is_named(alice):
    answer = change(alice, data={"header": (io.BytesIO(b"GIF89a"), "us.gif")})

    assert answer.status_code == 422
    assert list(answer.json["details"]) == ["header"]
    assert own(alice)["header"].endswith(".svg")
