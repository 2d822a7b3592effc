from __future__ import annotations

import pytest

ACTS = ["favourite", "bookmark", "repost"]


@pytest.fixture
def kwip(bob):
    return bob.say("Hello")["id"]


def pressed(page, act):
    """Tell of each button of an act on a page whether it is pressed."""
    return [b["aria-pressed"] for b in page.all("button", data_act=act)]


@pytest.mark.parametrize("act", ACTS)
def test_a_button_does_it_and_takes_it_back(at_alice, kwip, act):
    place = f"/@bob/{kwip}"
    for _ in range(2):
        assert at_alice.send(f"{place}/{act}", next="/") == f"/#p{kwip}"
        assert pressed(at_alice.get(place), act) == ["true"]
    for _ in range(2):
        assert at_alice.send(f"{place}/un{act}", next="/") == f"/#p{kwip}"
        assert pressed(at_alice.get(place), act) == ["false"]


@pytest.mark.parametrize("act", ["pin", "unpin"])
def test_one_pins_only_what_is_ones_own(at_alice, at_bob, kwip, act):
    status = 403 if act == "pin" else 303
    at_alice.send(f"/@bob/{kwip}/{act}", status)

    assert at_bob.send(f"/@bob/{kwip}/{act}", next="/home") == f"/home#p{kwip}"


def test_who_pins_on_the_profile_comes_to_the_pinned_copy(at_bob, bob, kwip):
    back = at_bob.send(f"/@bob/{kwip}/pin", next="/@bob")

    assert back == f"/@bob#pin{kwip}"
    assert at_bob.get("/@bob").one("article", id=f"pin{kwip}")
    assert at_bob.send(f"/@bob/{kwip}/unpin", next="/@bob") == f"/@bob#p{kwip}"


def test_a_pin_stands_above_the_profile(at_bob, bob, kwip):
    bob.say("Newer")
    at_bob.send(f"/@bob/{kwip}/pin")

    assert at_bob.get("/@bob").texts == ["Hello", "Newer", "Hello"]


def test_a_button_of_a_repost_leads_back_to_the_repost(at_alice, at_bob, bob, kwip):
    at_bob.send(f"/@bob/{kwip}/repost")
    page = at_bob.get("/@bob")
    (button,) = page.all("button", data_act="favourite")
    place_id = button["value"]

    assert button["name"] == "place_id"
    assert page.one("article", id=f"p{place_id}")["data-post"] == kwip
    back = at_alice.send(f"/@bob/{kwip}/favourite", next="/@bob", place_id=place_id)
    assert back == f"/@bob#p{place_id}"


def test_a_button_leads_nowhere_else(at_alice, kwip):
    for address in ("https://example.org", "//example.org", ""):
        back = at_alice.send(f"/@bob/{kwip}/favourite", next=address)

        assert back == f"/@bob/{kwip}", address


def test_every_button_needs_the_pages_form_token(at_alice, kwip):
    for act in ACTS:
        at_alice.send(f"/@bob/{kwip}/{act}", 403, csrf_token="")

        assert pressed(at_alice.get(f"/@bob/{kwip}"), act) == ["false"]


def test_an_expired_form_says_so_in_its_title(at_alice, kwip):
    page = at_alice.send(f"/@bob/{kwip}/favourite", 403, csrf_token="")

    (heading,) = page.all("h1")
    assert heading.words == "This form has expired"


def test_a_warning_folds_the_text_away_without_a_script(at_alice, bob):
    said = bob.say("The butler did it", spoiler_text="The end of the book")
    page = at_alice.get(f"/@bob/{said['id']}")
    (summary,) = [s for s in page.all("summary") if "The end of the book" in s.words]

    assert "details" in {e.tag for e in summary.inside}
    assert page.texts == ["The butler did it"]


def test_a_conversation_is_muted_in_the_menu_of_a_kwip(at_alice, bob):
    place = f"/@bob/{bob.say('Root')['id']}"
    button = at_alice.get(place).one("button", formaction=f"{place}/mute")
    assert button.words == "Mute conversation"
    at_alice.send(button["formaction"], next=place)
    page = at_alice.get(place)

    assert "You won't get notifications about this conversation" in page.words
    assert "conversation muted" in page.words
    assert page.one("button", formaction=f"{place}/unmute").words == (
        "Unmute conversation"
    )
    at_alice.send(f"{place}/unmute")
    assert "conversation muted" not in at_alice.get(place).words
