"""Filters on pages, without a script: making one, and what it folds and leaves out."""

from __future__ import annotations


def words(visitor, path):
    return visitor.get(path).words


def filter_form(**fields):
    return {
        "title": "Drinks",
        "keywords[][text]": "tea",
        "keywords[][whole]": "1",
        "context[]": "public",
        "action": "warn",
        "expires": "never",
    } | fields


def test_a_filter_is_made_edited_and_deleted_and_pages_follow_at_once(
    alice, bob, at_alice
):
    bob.say("a cup of tea")
    assert "a cup of tea" in words(at_alice, "/")
    assert at_alice.send("/settings/filters", **filter_form()) == "/settings/filters"
    folded = words(at_alice, "/")
    assert "Filtered: Drinks" in folded
    [made] = alice.get("/api/v2/filters").json
    path = f"/settings/filters/{made['id']}"
    assert "Drinks" in words(at_alice, "/settings/filters")
    row = {"keywords[][id]": made["keywords"][0]["id"]}
    at_alice.send(path, **row, **filter_form(action="hide"))
    assert "a cup of tea" not in words(at_alice, "/")
    at_alice.send(f"{path}/delete")
    assert "a cup of tea" in words(at_alice, "/")


def test_a_kwip_is_added_to_a_filter_from_its_menu(alice, bob, at_alice):
    post = bob.say("again")["id"]
    at_alice.send("/settings/filters", **filter_form())
    [made] = alice.get("/api/v2/filters").json
    at_alice.send(f"/@bob/{post}/filter", filter_id=made["id"])

    assert "Filtered: Drinks" in words(at_alice, "/")
    assert "Kwip by @bob" in words(at_alice, f"/settings/filters/{made['id']}")


def test_a_form_with_mistakes_is_shown_again_with_what_was_sent(alice, at_alice):
    sent = filter_form(**{"keywords[][text]": "a" * 101, "title": "Mine"})
    answer = at_alice.send("/settings/filters", 422, **sent)

    assert "A keyword can have up to 100 characters." in answer.words
    assert 'value="Mine"' in answer.html
    assert "a" * 101 in answer.html
    assert alice.get("/api/v2/filters").json == []
