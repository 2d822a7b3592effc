"""Hashtags that a profile features, and the kwips behind them."""

from __future__ import annotations


def test_hashtags_are_featured_and_lead_to_kwips_with_them(
    at_alice, alice, bob, anybody, client
):
    for text in ("Rye #bread", "Milk", "More #Bread"):
        alice.say(text)
    bob.say("Mine #bread")
    settings = at_alice.get("/settings/hashtags")
    [suggested] = settings.all("button", value="bread")
    assert suggested["formaction"] == "/settings/hashtags"

    for name in ("bread", "#Bread", "tea"):
        at_alice.send("/settings/hashtags", name=name, next="/home")
    featured = anybody.get("/@alice").one("a", href="/@alice/tagged/bread")
    page = anybody.get(featured["href"])
    assert page.texts == ["More #Bread", "Rye #bread"]
    assert page.one("a", href="/@alice/tagged/bread")["aria-current"] == "page"
    found = client.get(f"/api/v1/accounts/{alice.id}/featured_tags").json
    assert [(tag["name"], tag["statuses_count"]) for tag in found] == [
        ("bread", "2"), ("tea", "0"),
    ]  # fmt: skip
    assert [bool(tag["last_status_at"]) for tag in found] == [True, False]

    at_alice.send(f"/settings/hashtags/{found[0]['id']}/remove", next="/home")
    assert not anybody.get("/@alice").all("a", href="/@alice/tagged/bread")


def test_what_cannot_be_featured_is_said_at_its_field(at_alice, alice):
    for number in range(10):
        at_alice.send("/settings/hashtags", name=f"tag{number}")

    says = "Remove one first. You can feature up to 10."
    assert at_alice.send("/settings/hashtags", 422, name="more").wrong("name") == says
    page = at_alice.send("/settings/hashtags", 422, name="no tag")
    assert page.wrong("name").startswith("Use letters")
    refused = alice.post("/api/v1/featured_tags", json={"name": "more"})
    assert (refused.status_code, list(refused.json["details"])) == (422, ["name"])
    assert alice.post("/api/v1/featured_tags", json={"name": "tag1"}).status_code == 200
