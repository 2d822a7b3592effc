"""What holds for every route of the API: slashes, bodies, errors, other origins."""

from __future__ import annotations

import io
import re
from urllib.parse import urlencode

import pytest

from kwip.blueprints import bodies, routes
from tests.edge.test_routes import EXAMPLES
from tests.pictures import plain
from tests.thorough import part

ROWS = routes.AREAS["api"]
WRITES = [row for row in ROWS if row.method != "GET"]
READS = [row for row in ROWS if row.method == "GET"]
#: What a write is sent, as a form; all others need nothing.
BODIES = {
    "create_status": {
        "status": "hello",
        "spoiler_text": "careful",
        "sensitive": "on",
        "visibility": "unlisted",
        "language": "en",
        "media_ids[]": "",
    },
    "update": {"kwip": "hello", "vendor": "My script", "validate": ""},
    "edit_status": {"status": "other", "sensitive": "1"},
    "change_media": {"description": "A red square.", "focus": "0.1,-1"},
    "vote": {"choices[]": "0"},
    "follow": {"reblogs": "true"},
    "save_markers": {"home[last_read_id]": "5", "notifications[last_read_id]": "6"},
    "mute": {"notifications": "False", "duration": "0"},
    "create_list": {"title": "Friends", "replies_policy": "none", "exclusive": "1"},
    "change_list": {"title": "Others", "replies_policy": "", "exclusive": ""},
}
#: Fields of the wrong kind, each with what makes no sense there.
WRONG = {
    "status": ([1], {"a": "b"}, 5, True, None),
    "spoiler_text": ([1], {"a": "b"}, 5),
    "visibility": ("secret", 5, ["public"], {}),
    "language": ("no language", 5, ["en"]),
    "sensitive": ("maybe", [True], {}),
    "in_reply_to_id": ("x", 1.5, True, ["1"], {}),
    "poll": ({"options": ["a"]}, "x"),
    "duration": ("x", -1, [1]),
    "reblogs": ("maybe", []),
    "languages": (["en"],),
    "home": ("5", {"last_read_id": "x"}, {}, ["5"]),
    "title": (5, ["a"], {}),
    "replies_policy": ("everybody", 5, ["none"]),
    "exclusive": ("maybe", [True], {}),
    "choices": ("x", ["x"], [[1]], {"a": 1}, [-1], []),
    "account_ids": ("x", ["x"], [[1]], {"a": 1}),
}
FIELDS = {
    "create_status": [
        "status",
        "spoiler_text",
        "visibility",
        "language",
        "sensitive",
        "in_reply_to_id",
        "poll",
    ],
    "vote": ["choices"],
    "follow": ["reblogs", "languages"],
    "save_markers": ["home"],
    "edit_status": ["status", "spoiler_text", "sensitive", "poll"],
    "mute": ["duration"],
    "create_list": ["title", "replies_policy", "exclusive"],
    "change_list": ["title", "replies_policy", "exclusive"],
    "add_to_list": ["account_ids"],
    "remove_from_list": ["account_ids"],
}


def about(row):
    return f"{row.method} {row.rule}"


def name_of(row):
    return row.endpoint.__name__


def in_forms(body):
    """Give a request's options for each form of one body, and whether with a slash."""
    encoded = urlencode(body)
    yield {"json": bodies.unnest(body.items())}, ""
    yield {"data": body}, "/"
    yield {"data": body, "content_type": "multipart/form-data"}, ""
    yield {"data": encoded}, ""  # a form that does not say that it is one
    yield {"query_string": encoded}, "/"


@pytest.fixture
def path_of(alice, bob):
    """Return a function that gives a path to something that is there, new each time."""

    def made(row):
        known = EXAMPLES | {"user_id": bob.id, "name": "fox"}
        if "list_id" in row.rule:
            made = alice.post("/api/v1/lists", json={"title": "Friends"})
            known |= {"list_id": made.json["id"]}
        if "attachment_id" in row.rule:
            picture = (io.BytesIO(plain()), "me.png")
            media = alice.post("/api/v2/media", data={"file": picture}).json
            known |= {"attachment_id": media["id"]}
        if "polls" in row.rule:
            asked = {"options": ["a", "b"], "expires_in": 300}
            known |= {"post_id": bob.say("which?", poll=asked)["id"]}
        elif "post_id" in row.rule:
            known |= {"post_id": alice.say("hello #fox")["id"]}
        return re.sub(r"<(?:.+?:)?(\w+)>", lambda m: known[m.group(1)], row.rule)

    return made


def test_a_write_takes_every_form_of_a_body_with_and_without_a_slash(alice, path_of):
    for place, row in enumerate(WRITES):
        numbers = []
        forms = in_forms(BODIES.get(name_of(row), {}))
        for options, slash in part(forms, of=2, first=place):
            path = path_of(row) + slash
            answer = alice.ask(row.method, path, **options)
            numbers.append(answer.status_code)
            assert answer.is_json, about(row)

        assert (about(row), len(set(numbers))) == (about(row), 1), numbers
        assert numbers[0] // 100 in {2, 4}
        if name_of(row) in BODIES:
            assert (about(row), numbers[0]) == (about(row), 200)


def test_a_read_takes_a_slash(alice, path_of):
    for row in READS:
        path = path_of(row)

        plain, slashed = alice.get(path), alice.get(f"{path}/")

        assert (about(row), slashed.status_code) == (about(row), plain.status_code)
        assert slashed.data == plain.data
        assert slashed.headers.get("Link") == plain.headers.get("Link")


def test_a_field_of_the_wrong_kind_is_422_and_named(alice, path_of):
    for row in WRITES:
        for field in FIELDS.get(name_of(row), ()):
            for value in WRONG[field]:
                body = {"status": "hello", field: value}

                answer = alice.ask(row.method, path_of(row), json=body)

                case = (about(row), field, value)
                assert (case, answer.status_code) == (case, 422)
                assert list(answer.json["details"]) == [field]
                assert answer.json["details"][field][0]["description"]


def test_every_route_is_open_to_other_origins_before_anybody_is_asked(client, path_of):
    for row in ROWS:
        path = path_of(row)
        asked = {"Origin": "https://x.example", "Authorization": "Bearer 1.x"}

        preflight = client.options(path, headers=asked)
        refused = client.open(path, method=row.method, headers=asked)
        impossible = client.patch(f"{path}/nowhere")

        assert (about(row), preflight.status_code) == (about(row), 200)
        assert row.method in preflight.headers["Access-Control-Allow-Methods"]
        for answer in (preflight, refused, impossible):
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert "Link" in answer.headers["Access-Control-Expose-Headers"]
        for answer in (refused, impossible):
            assert answer.status_code == 200 or answer.json["error"]


def test_a_page_of_every_list_says_where_the_next_one_begins(alice, bob, people):
    carol = people("carol")
    for one in (alice, carol):
        one.post(f"/api/v1/accounts/{bob.id}/follow")
        bob.post(f"/api/v1/accounts/{one.id}/follow")
    listed = bob.post("/api/v1/lists", json={"title": "Friends"}).json["id"]
    both = {"account_ids": [alice.id, carol.id]}
    assert bob.post(f"/api/v1/lists/{listed}/accounts", json=both).status_code == 200
    said = [bob.say(f"#fox {number}")["id"] for number in range(2)]
    for post_id in said:
        for act in ("favourite", "bookmark"):
            bob.post(f"/api/v1/statuses/{post_id}/{act}")
    carol.post(f"/api/v1/statuses/{said[0]}/favourite")
    lists = [
        "timelines/home", "timelines/public", "timelines/tag/fox", "favourites",
        "bookmarks", f"accounts/{bob.id}/statuses", f"accounts/{bob.id}/followers",
        f"statuses/{said[0]}/favourited_by", f"lists/{listed}/accounts",
    ]  # fmt: skip
    for path in lists:
        first = bob.get(f"/api/v1/{path}?limit=1")
        whole = bob.get(f"/api/v1/{path}")

        assert (path, len(first.json), len(whole.json)) == (path, 1, 2)
        link = first.headers["Link"]
        assert re.search(r'max_id=\d+>; rel="next", <.*min_id=\d+>; rel="prev"$', link)
        assert 'rel="next"' not in whole.headers["Link"]
