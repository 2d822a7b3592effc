"""Mastodon's filters, of both versions, and what they say about statuses."""

from __future__ import annotations

import datetime as dt


def matches(person, status):
    """Return what a status says about the filters that match it."""
    return person.get(f"/api/v1/statuses/{status}").json["filtered"]


def test_a_filter_with_keywords_and_statuses_says_so_on_statuses(alice, bob):
    tea, milk = (bob.say(text)["id"] for text in ("Tea!", "milk"))
    made = alice.post(
        "/api/v2/filters",
        json={
            "title": "Drinks",
            "context": ["home", "thread"],
            "filter_action": "hide",
            "expires_in": 3600,
            "keywords_attributes": [{"keyword": "tea", "whole_word": True}],
        },
    ).json
    path = f"/api/v2/filters/{made['id']}"
    added = alice.post(f"{path}/statuses", json={"status_id": milk}).json

    shape = {key: made[key] for key in ("id", "title", "context", "expires_at")}
    shape["filter_action"] = "hide"
    ends = dt.datetime.fromisoformat(made["expires_at"])
    left = ends - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=59) < left <= dt.timedelta(hours=1)
    assert matches(alice, tea) == [
        {"filter": shape, "keyword_matches": ["tea"], "status_matches": None}
    ]
    assert matches(alice, milk) == [
        {"filter": shape, "keyword_matches": None, "status_matches": [milk]}
    ]
    assert matches(bob, tea) == []
    [shown] = alice.get("/api/v2/filters").json
    assert shown["statuses"] == [{"id": added["id"], "status_id": milk}]
    alice.ask("DELETE", f"/api/v2/filters/statuses/{added['id']}")
    assert alice.get(f"{path}/statuses").json == []
    alice.ask("DELETE", path)
    assert matches(alice, tea) == []


def test_keywords_are_added_changed_and_removed_as_rails_forms_send_them(alice):
    made = alice.post(
        "/api/v2/filters",
        data={
            "title": "Two",
            "context[]": "home",
            "keywords_attributes[0][keyword]": "one",
            "keywords_attributes[1][keyword]": "two",
        },
    ).json
    path, (one, two) = f"/api/v2/filters/{made['id']}", made["keywords"]
    changed = alice.ask(
        "PUT",
        path,
        json={
            "keywords_attributes": [
                {"id": one["id"], "_destroy": True},
                {"id": two["id"], "keyword": "due", "whole_word": True},
            ]
        },
    ).json
    added = alice.post(f"{path}/keywords", json={"keyword": "tre"}).json
    alice.ask("PUT", f"/api/v2/filters/keywords/{added['id']}", json={"keyword": "3"})

    due = {"id": two["id"], "keyword": "due", "whole_word": True}
    assert changed["keywords"] == [due]
    assert alice.get(f"{path}/keywords").json == [due, added | {"keyword": "3"}]
    alice.ask("DELETE", f"/api/v2/filters/keywords/{added['id']}")
    assert alice.get(f"/api/v2/filters/keywords/{added['id']}").status_code == 404


def test_older_apps_see_each_keyword_as_a_filter(alice, bob):
    status = bob.say("spoilers inside")["id"]
    made = alice.post(
        "/api/v1/filters",
        data={"phrase": "spoilers", "context[]": "home", "irreversible": "true"},
    ).json
    path = f"/api/v1/filters/{made['id']}"

    assert made == {
        "id": made["id"],
        "phrase": "spoilers",
        "context": ["home"],
        "expires_at": None,
        "irreversible": True,
        "whole_word": False,
    }
    [match] = matches(alice, status)
    assert match["filter"]["filter_action"] == "hide"
    changed = alice.ask("PUT", path, json={"phrase": "cake", "context": ["public"]})
    assert (changed.json["phrase"], changed.json["context"]) == ("cake", ["public"])
    other = {"keyword": "pie"}
    alice.post(f"/api/v2/filters/{match['filter']['id']}/keywords", json=other)
    refused = alice.ask("PUT", path, json={"context": ["home"]})
    assert refused.status_code == 422
    alice.ask("DELETE", path)
    assert [each["phrase"] for each in alice.get("/api/v1/filters").json] == ["pie"]


def test_wrong_filters_are_refused_with_what_to_do(alice):
    for fields, name in (
        ({"title": "", "context": ["home"]}, "title"),
        ({"title": "a", "context": []}, "context"),
        ({"title": "a", "context": ["moon"]}, "context"),
        ({"title": "a", "context": ["home"], "filter_action": "x"}, "filter_action"),
        ({"title": "a", "context": ["home"], "expires_in": "soon"}, "expires_in"),
        (
            {"title": "a", "context": ["home"], "keywords_attributes": [{}]},
            "keywords",
        ),
    ):
        answer = alice.post("/api/v2/filters", json=fields)

        assert (answer.status_code, list(answer.json["details"])) == (422, [name])
    assert alice.get("/api/v2/filters").json == []
