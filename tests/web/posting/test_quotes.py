from __future__ import annotations

import pytest


@pytest.fixture
def kwip(bob):
    return bob.say("Hello")["id"]


def cards(page):
    return [card.words for card in page.with_class("quote")]


def test_one_quotes_a_kwip_on_the_page_that_its_menu_leads_to(at_alice, at_bob, kwip):
    address = f"/compose?quote={kwip}"
    assert at_alice.get(f"/@bob/{kwip}").all("a", href=address)
    form = at_alice.get(address)
    assert "Hello" in cards(form)[0]

    refused = at_alice.send("/compose", 422, text="x" * 600, quote_of_id=kwip, key="k")
    at_alice.send("/compose", text="As he says", quote_of_id=kwip, key="k")

    assert "Hello" in cards(refused)[0]
    home = at_alice.get("/home")
    assert home.texts == ["As he says", "Hello"]
    assert [a["href"] for a in home.with_class("quote-link")] == [f"/@bob/{kwip}"]
    assert "1 quote" in at_bob.get(f"/@bob/{kwip}").words


def test_the_quoted_author_removes_a_kwip_from_a_quote(
    at_alice, at_bob, anybody, alice, kwip
):
    quoting = alice.say("As he says", quoted_status_id=kwip)["id"]
    listed = at_bob.get(f"/@bob/{kwip}/quotes")
    [button] = [b for b in listed.all("button") if "data-drops" in b.attributes]
    # Within it, so that scripts that add, move or remove kwips take it along.
    [article] = listed.with_class("post")
    assert button.words in article.words
    assert anybody.get(f"/@bob/{kwip}/quotes").texts == ["As he says", "Hello"]

    at_alice.send(button["formaction"], 403)
    back = at_bob.send(button["formaction"])

    assert back == f"/@bob/{kwip}/quotes"
    assert "removed from the quote" in at_bob.get(back).said
    assert cards(at_alice.get(f"/@alice/{quoting}")) == [
        "The author removed this kwip from the quote."
    ]


def test_the_menu_of_a_quote_lets_only_the_quoted_author_remove_the_kwip(
    at_alice, at_bob, alice, wiring, kwip
):
    quoting = alice.say("As he says", quoted_status_id=kwip)["id"]
    if lease := wiring.services.fanout.begin(int(quoting)):
        wiring.services.fanout.deliver(lease)
    address = f"/@bob/{kwip}/quotes/{quoting}/remove"

    assert not at_alice.get(f"/@alice/{quoting}").all("button", formaction=address)
    assert at_bob.get(f"/@alice/{quoting}").all("button", formaction=address)
    notified = at_bob.get("/notifications")
    assert notified.one("button", formaction=address).words.startswith("Remove my kwip")
    assert at_bob.send(address, next="/notifications") == "/notifications"
    assert not at_bob.get("/notifications").all("button", formaction=address)


def test_one_chooses_who_can_quote_a_kwip_while_writing_it(at_alice, alice):
    chosen = {"quote_policy": "nobody", "key": "k"}

    refused = at_alice.send("/compose", 422, text="x" * 600, **chosen)
    at_alice.send("/compose", text="Mine alone", **chosen)

    assert refused.value("quote_policy") == "nobody"
    assert at_alice.get("/compose").value("quote_policy") == "public"
    [status] = alice.get(f"/api/v1/accounts/{alice.id}/statuses").json
    assert status["quote_approval"]["automatic"] == []


def test_a_quote_says_why_it_shows_nothing(at_alice, alice, bob, kwip):
    alice.say("As he says", quoted_status_id=kwip)
    alice.post(f"/api/v1/accounts/{bob.id}/mute")
    muted = at_alice.get("/home")
    bob.ask("DELETE", f"/api/v1/statuses/{kwip}")

    assert "Quotes someone you muted" in muted.words
    assert cards(at_alice.get("/home")) == ["This kwip was deleted."]


def test_who_may_not_quote_a_kwip_gets_no_form_for_it(at_alice, at_bob, kwip):
    closed, address = kwip, f"/compose?quote={kwip}"
    at_alice.send(f"/@bob/{closed}/quotes", 403, policy="nobody")
    at_bob.send(f"/@bob/{closed}/quotes", 422, policy="friends")
    at_bob.send(f"/@bob/{closed}/quotes", policy="nobody")
    chosen = at_bob.get(f"/@bob/{closed}/quotes").all("input", name="policy")

    assert not at_alice.get(f"/@bob/{closed}").all("a", href=address)
    assert at_bob.get(f"/@bob/{closed}").all("a", href=address)
    assert [e["value"] for e in chosen if "checked" in e.attributes] == ["nobody"]
    at_alice.get(address, 403)
    at_alice.get("/compose?quote=x", 400)
    at_alice.send("/compose", 403, text="So", quote_of_id=closed, key="k")
