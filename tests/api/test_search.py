from __future__ import annotations

import pytest


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
    "query", ["q=ali", "q=alice%40x.example", "q=", "q=alice&offset=1", "q=%23alice"]
)
def test_what_is_not_there_is_not_found(alice, client, query):
    assert client.get(f"/api/v1/accounts/search?{query}").json == []
    assert client.get(f"/api/v2/search?{query}").json["accounts"] == []


def test_other_kinds_are_not_searched_yet(alice, client):
    for kind in ("statuses", "hashtags"):
        answer = client.get(f"/api/v2/search?q=alice&type={kind}")

        assert answer.json == {"accounts": [], "statuses": [], "hashtags": []}
    assert len(client.get("/api/v2/search?q=alice&type=accounts").json["accounts"]) == 1


@pytest.mark.parametrize(
    ("query", "field"), [("", "q"), ("q=a&type=x", "type"), ("q=a&offset=x", "offset")]
)
def test_a_search_that_makes_no_sense_is_named(client, query, field):
    answer = client.get(f"/api/v2/search?{query}")

    assert answer.status_code == 400
    assert list(answer.json["details"]) == [field]
