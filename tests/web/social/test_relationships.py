from __future__ import annotations

from tests.web.accounts.test_access import ELSEWHERE

ACTIONS = ["follow", "unfollow", "block", "unblock", "mute", "unmute"]


def buttons(page, css="button"):
    """The labels of the buttons beside a profile's picture, as they are shown."""
    found = [b for b in page.all("button") if css in (b.get("class") or "")]
    states = {"true": "Following", "false": "Follow", None: None}
    return [states[b.get("data-is-done")] or b.words for b in found]


def test_a_follow_button_says_that_one_follows_and_unfollows(at_alice, bob):
    assert buttons(at_alice.get("/@bob")) == ["Follow"]

    assert at_alice.send("/@bob/follow", next="/@bob") == "/@bob"

    page = at_alice.get("/@bob")
    assert page.said == "You're following @bob."
    assert buttons(page) == ["Following"]
    assert page.all("button", formaction="/@bob/unfollow")
    at_alice.send("/@bob/unfollow")
    assert buttons(at_alice.get("/@bob")) == ["Follow"]


def card_of_bob(visitor):
    """The words of the card beside bob's name."""
    return visitor.get("/@bob/card").one("div", class_="user-card").words


def test_a_card_names_whom_one_follows_among_the_followers(
    at_alice, browser_of, people, anybody, bob
):
    for name, is_followed in (("carol", True), ("dan", False), ("eve", True)):
        browser_of(people(name)).send("/@bob/follow")
        if is_followed:
            at_alice.send(f"/@{name}/follow")

    assert "Followed by Eve, Carol" in card_of_bob(at_alice)
    browser_of(people("fay")).send("/@bob/follow")
    at_alice.send("/@fay/follow")
    assert "Followed by Fay, Eve and 1 other you follow" in card_of_bob(at_alice)
    assert "Followed by" not in card_of_bob(anybody)


def test_a_profile_tells_that_its_owner_follows_the_viewer(at_alice, at_bob):
    at_bob.send("/@alice/follow")

    assert "Follows you" in at_alice.get("/@bob").words


def test_a_block_hides_both_and_can_be_undone(at_alice, at_bob, alice, bob):
    place = f"/@bob/{bob.say('Hello')['id']}"
    alice.say("Hi")

    assert at_alice.send("/@bob/block", next=place) == "/@bob"

    page = at_alice.get("/@bob")
    assert page.said == "You blocked @bob."
    assert buttons(page) == ["Unblock"]
    assert page.texts == []
    assert "You blocked Bob" in page.words
    assert at_alice.get("/").texts == ["Hi"]
    assert at_bob.get("/").texts == ["Hello"]
    assert buttons(at_bob.get("/@alice")) == []
    at_alice.send("/@bob/unblock")
    assert at_alice.get("/").texts == ["Hi", "Hello"]


def test_a_mute_hides_somebody_and_is_theirs_to_find(at_alice, bob):
    bob.say("Hello")

    at_alice.send("/@bob/mute", next="/")

    page = at_alice.get("/")
    assert page.said.startswith("You muted @bob")
    assert page.texts == []
    assert at_alice.get("/@bob").texts == ["Hello"]
    assert "Muted" in at_alice.get("/@bob").words
    assert at_alice.get("/@bob").all("button", formaction="/@bob/unmute")
    at_alice.send("/@bob/unmute")
    assert at_alice.get("/").texts == ["Hello"]


def test_every_button_may_be_pressed_twice(at_alice, bob):
    for action in ACTIONS:
        for _ in range(2):
            assert at_alice.send(f"/@bob/{action}", next="/@bob") == "/@bob"


def test_every_button_needs_the_pages_form_token(at_alice, bob):
    for action in ACTIONS:
        at_alice.send(f"/@bob/{action}", 403, csrf_token="")

        assert buttons(at_alice.get("/@bob")) == ["Follow"]


def test_nobody_does_it_to_oneself_or_to_nobody(at_alice):
    for action in ACTIONS:
        wrong = at_alice.send(f"/@alice/{action}", 422)
        assert "This is your own account." in wrong.words
        assert [e.words for e in wrong.all("li")][-1] == "Choose someone else."
        at_alice.send(f"/@nobody/{action}", 404)


def test_a_button_leads_nowhere_else(at_alice, bob):
    for address in ELSEWHERE:
        assert at_alice.send("/@bob/mute", next=address) == "/@bob", address


def test_buttons_in_lists_share_the_pages_one_form(at_alice, bob):
    for number in range(3):
        bob.say(str(number))

    page = at_alice.get("/")

    (form,) = page.all("form", method="post")
    acts = [b["formaction"].rpartition("/")[2] for b in page.all("button")]
    assert {b["form"] for b in page.all("button")} == {form["id"]}
    on_each = ["repost", "favourite", "bookmark", "follow", "mute", "mute", "block"]
    assert acts == ["logout"] + on_each * 3  # follow or mute the conversation
    assert page.value("next") == "/"
    assert len(page.all("input", name="csrf_token")) == 1


def test_a_visitor_is_led_to_the_log_in_page_by_the_follow_button(anybody, alice):
    page = anybody.get("/@alice")

    (follow,) = [a for a in page.all("a") if a.words == "Follow"]
    assert follow["href"] == "/login?next=/@alice"
