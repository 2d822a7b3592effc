from __future__ import annotations

import pytest

from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.posting.posts import Draft
from tests.api.test_media import upload


def viewer_of_id(person):
    return Viewer(id=int(person.id), username="alice", digest="")


@pytest.mark.parametrize(
    "text",
    [
        "alice",
        "@Alice",
        " alice ",
        "ALICE@127.0.0.1:8000",
        "http://127.0.0.1:8000/@alice",
    ],
)
def test_an_account_is_found_by_its_exact_name(alice, client, text):
    query = {"q": text, "limit": 1, "resolve": "true"}

    several = client.get("/api/v1/accounts/search", query_string=query)
    everything = client.get("/api/v2/search", query_string=query)

    assert [account["id"] for account in several.json] == [alice.id]
    assert list(everything.json) == ["accounts", "statuses", "hashtags"]
    assert everything.json["accounts"] == several.json
    assert everything.json["statuses"] == everything.json["hashtags"] == []


@pytest.mark.parametrize(
    "query", ["q=ice", "q=alice%40x.example", "q=", "q=alice&offset=1", "q=%23alice"]
)
def test_what_is_not_there_is_not_found(alice, client, query):
    assert client.get(f"/api/v1/accounts/search?{query}").json == []
    assert client.get(f"/api/v2/search?{query}").json["accounts"] == []


@pytest.mark.parametrize(
    "text", ["ali", "lid", "alice lid", "alixe", "LIDELL", "\xe2lice"]
)
def test_people_are_found_by_the_beginning_of_a_name_or_nearly_so(
    alice, bob, client, wiring, text
):
    change = ProfileChange(display_name="A. Liddell")
    wiring.services.users.update_profile(viewer_of_id(alice), change)

    found = client.get("/api/v1/accounts/search", query_string={"q": text}).json

    assert [account["id"] for account in found] == [alice.id]


def test_people_can_be_limited_to_those_the_viewer_follows(alice, bob, people):
    people("alina")
    query = "/api/v1/accounts/search?q=ali&following=true"
    assert bob.get(query).json == []
    bob.post(f"/api/v1/accounts/{alice.id}/follow")

    assert [account["id"] for account in bob.get(query).json] == [alice.id]


def test_somebody_who_blocks_the_viewer_is_not_found(alice, bob):
    alice.post(f"/api/v1/accounts/{bob.id}/block")

    assert bob.get("/api/v1/accounts/search?q=alice").json == []


def test_hashtags_are_found_by_prefix_with_their_history(alice, client, wiring):
    services = wiring.services
    for text in ("#Tea", "#tea again", "#teapot", "#coffee"):
        post = services.posts.publish(int(alice.id), Draft(text=text))
        if lease := services.fanout.begin(post.id):
            services.fanout.deliver(lease)

    found = client.get("/api/v2/search?q=%23te&type=hashtags").json["hashtags"]

    assert [tag["name"] for tag in found] == ["teapot", "tea"]
    assert [(d["uses"], d["accounts"]) for d in found[1]["history"]] == [
        ("2", "1"),
        *[("0", "0")] * 6,
    ]

    wiring.services.posts.delete(viewer_of_id(alice), post.id)

    assert client.get("/api/v2/search?q=coff").json["hashtags"] == []


def test_the_address_of_a_status_finds_it(tea, alice, client, settings):
    address = f"{settings.origin}/@alice/{tea[1]}"
    query = {"q": address, "resolve": "true", "type": "statuses"}

    found = client.get("/api/v2/search", query_string=query).json["statuses"]

    assert [status["id"] for status in found] == [tea[1]]


def test_only_what_is_asked_for_is_found(alice, client):
    answer = client.get("/api/v2/search?q=alice&type=hashtags")

    assert answer.json == {"accounts": [], "statuses": [], "hashtags": []}
    assert len(client.get("/api/v2/search?q=alice&type=accounts").json["accounts"]) == 1


@pytest.fixture
def tea(alice, wiring):
    """Return the ids of four statuses, newest first, as the worker indexed them."""
    services = wiring.services
    posts = [
        services.posts.publish(int(alice.id), Draft(text=f"tea {n}")) for n in range(4)
    ]
    for post in posts:
        if lease := services.fanout.begin(post.id):
            services.fanout.deliver(lease)
    return [str(post.id) for post in posts[::-1]]


@pytest.mark.parametrize("kind", ["", "&type=statuses"])
def test_statuses_are_found_by_their_words(tea, client, kind):
    answer = client.get(f"/api/v2/search?q=TEA{kind}")

    assert [status["id"] for status in answer.json["statuses"]] == tea
    assert client.get(f"/api/v2/search?q=coffee{kind}").json["statuses"] == []


@pytest.mark.parametrize("query", ["has:media", "samovar"])
def test_a_picture_is_found_by_being_there_and_by_its_description(
    alice, client, wiring, tea, query
):
    media = upload(alice, description="A samovar")
    shown = alice.say("tea", media_ids=[media["id"]])
    services = wiring.services
    if lease := services.fanout.begin(int(shown["id"])):
        services.fanout.deliver(lease)

    found = client.get(f"/api/v2/search?q=tea+{query}&type=statuses").json["statuses"]

    assert [status["id"] for status in found] == [shown["id"]]


def test_statuses_are_paged_by_offset_or_by_cursor(tea, client):
    def found(query):
        answer = client.get(f"/api/v2/search?q=tea&type=statuses&limit=2&{query}")
        return [status["id"] for status in answer.json["statuses"]]

    assert found("") == tea[:2]
    assert found("offset=2") == found(f"max_id={tea[1]}") == tea[2:]
    assert found(f"min_id={tea[3]}") == tea[1:3]
    assert found("offset=4") == found("offset=99999999") == []


HOSTILE = [
    "a" * 10_000,
    "-tea",
    "before:2026-01-01",
    "%22",
    "%20".join(f"w{n}" for n in range(90)),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_query_that_makes_no_sense_is_refused_with_words(client, text):
    answer = client.get(f"/api/v2/search?q={text}&type=statuses")

    assert answer.status_code == 400
    assert list(answer.json["details"]) == ["q"]


@pytest.mark.parametrize(
    "text",
    [
        "tea%20%22unbalanced",
        "foo:bar",
        "from:%20tea",
        "((",
        "tea%20OR%20-",
        "%23",
        "@@",
    ],
)
def test_odd_queries_are_words(client, text):
    assert client.get(f"/api/v2/search?q={text}").status_code == 200


@pytest.mark.parametrize(
    "text",
    ["has:wings", "after:x", "before:0000-00-00", "language:%25", "from:nobody"],
)
def test_an_operator_with_a_wrong_value_finds_nothing(tea, client, text):
    found = client.get(f"/api/v2/search?q=tea+{text}&type=statuses")

    assert (found.status_code, found.json["statuses"]) == (200, [])


@pytest.mark.parametrize(
    ("query", "field"), [("", "q"), ("q=a&type=x", "type"), ("q=a&offset=x", "offset")]
)
def test_a_search_that_makes_no_sense_is_named(client, query, field):
    answer = client.get(f"/api/v2/search?{query}")

    assert answer.status_code == 400
    assert list(answer.json["details"]) == [field]
