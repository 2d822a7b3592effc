from __future__ import annotations

import pytest


@pytest.fixture
def place(at_alice, bob):
    """Return the address of a list of alice's, who follows bob."""
    at_alice.send("/@bob/follow")
    return at_alice.send("/lists", title="Friends", replies_policy="list")


def deliver(wiring, status):
    """Do what a worker does with a new kwip."""
    fanout = wiring.services.fanout
    fanout.deliver(fanout.begin(int(status["id"])))


def test_the_first_list_is_made_on_an_empty_page(at_alice):
    assert "No lists yet" in at_alice.get("/lists").words

    place = at_alice.send("/lists", title="Friends", replies_policy="none")

    page = at_alice.get(place)
    assert page.said == "List created."
    assert page.title == "Friends · Kwip"
    assert "Nobody is on this list yet" in page.words
    row = at_alice.get("/lists").one("a", href=place)
    assert row.words == "Friends"


def test_a_list_that_cannot_be_made_keeps_what_was_written(at_alice):
    fields = {"replies_policy": "followed", "is_exclusive": "1"}
    page = at_alice.send("/lists", 422, title="x" * 101, **fields)

    assert page.value("title") == "x" * 101
    assert "1 too many" in page.wrong("title")
    assert "checked" in page.one("input", value="followed").attributes
    assert "checked" in page.one("input", id="is_exclusive").attributes


def test_people_are_put_into_lists_from_their_profiles(at_alice, bob, place, wiring):
    assert at_alice.get("/@bob").one("a", href="/@bob/lists")

    add = f"{place}/add/bob"
    assert at_alice.get("/@bob/lists").one("button", formaction=add)
    assert at_alice.send(add, next="/@bob/lists") == "/@bob/lists"

    page = at_alice.get("/@bob/lists")
    assert page.said == "Added @bob to the list."
    out = page.one("button", formaction=f"{place}/remove/bob")
    assert out.words == "Remove @bob from Friends"
    assert at_alice.get(f"{place}/members").one("a", href="/@bob", class_="person")
    deliver(wiring, bob.say("Hello"))
    assert at_alice.get(place).texts == ["Hello"]

    assert at_alice.send(f"{place}/remove/bob") == f"{place}/members"
    assert "Nobody is on this list yet" in at_alice.get(f"{place}/members").words
    assert at_alice.get(place).texts == []


def test_only_who_is_followed_has_lists_in_the_menu(at_alice, bob, people):
    people("carol")

    [link] = at_alice.get("/@carol").all("a", href="/@carol/lists")
    assert "hidden" in link.attributes
    at_alice.send("/@bob/follow")
    page = at_alice.get("/@bob")
    [link] = page.all("a", href="/@bob/lists")
    assert link.words == "Add @bob to lists"
    assert "hidden" not in link.attributes
    page = at_alice.get("/@bob/lists")
    assert "No lists yet" in page.words
    assert "then add @bob here" in page.words


@pytest.mark.parametrize("has_lists", [True, False])
def test_who_is_not_followed_is_to_be_followed_first(at_alice, bob, has_lists):
    if has_lists:
        at_alice.send("/lists", title="Friends", replies_policy="list")
    page = at_alice.get("/@bob/lists")

    assert "Follow @bob first" in page.words
    assert "Create a list first" not in page.words
    own = [b for b in page.all("button") if not b["formaction"].endswith("/logout")]
    [follow] = own
    assert (follow["formaction"], follow.words) == ("/@bob/follow", "Follow @bob")
    kept = page.one("input", name="next")["value"]
    assert at_alice.send(follow["formaction"], next=kept) == "/@bob/lists"
    assert "You can only add people you follow" not in at_alice.get("/@bob/lists").words


@pytest.mark.parametrize("blocks", ["at_alice", "at_bob"])
def test_who_cannot_be_followed_has_no_button_for_it(at_alice, at_bob, blocks):
    if blocks == "at_alice":
        at_alice.send("/@bob/block")
    else:
        at_bob.send("/@alice/block")

    page = at_alice.get("/@bob/lists")
    assert "You can only add people you follow" in page.words
    assert not page.all("button", formaction="/@bob/follow")


def test_nobody_puts_oneself_into_a_list(at_alice, place):
    page = at_alice.get("/@alice/lists")

    assert "You can't add yourself" in page.words
    assert not page.all("button", formaction=f"{place}/add/alice")
    assert not page.all("button", formaction="/@alice/follow")


def test_who_is_not_followed_cannot_be_added(at_alice, place, people):
    people("carol")

    page = at_alice.send(f"{place}/add/carol", 422)

    assert page.words.count("You can only add people you follow") == 1
    assert "account_ids" not in page.words


def test_who_is_unfollowed_or_blocked_is_told_to_have_left_lists(at_alice, bob, place):
    other = at_alice.send("/lists", title="Few", replies_policy="list")
    gone = at_alice.send("/lists", title="Gone", replies_policy="list")
    for each in (place, other, gone):
        at_alice.send(f"{each}/add/bob")
    at_alice.send(f"{gone}/delete")

    at_alice.get("/lists")  # what was said until now

    at_alice.send("/@bob/unfollow")
    said = at_alice.get("/@bob").said
    assert said == "You unfollowed @bob. They were removed from 2 of your lists."
    at_alice.send("/@bob/unfollow")
    assert at_alice.get("/@bob").said == "You unfollowed @bob."

    at_alice.send("/@bob/follow")
    at_alice.send(f"{place}/add/bob")
    at_alice.get("/lists")
    at_alice.send("/@bob/block")
    assert at_alice.get("/@bob").said == (
        "You blocked @bob. They were removed from 1 of your lists."
    )


def test_the_lists_of_who_is_blocked_are_not_told(at_alice, alice, at_bob):
    at_bob.send("/@alice/follow")
    made = at_bob.send("/lists", title="Mine", replies_policy="list")
    at_bob.send(f"{made}/add/alice")

    at_alice.send("/@bob/block")

    said = at_alice.get("/@bob").said
    assert said == "You blocked @bob."
    assert "Nobody is on this list yet" in at_bob.get(f"{made}/members").words


def test_lists_stand_by_their_titles_whatever_the_case_and_accents(at_alice):
    titles = ["crowd", "Äpfel", "Zoo", "apfel", "Éclair", "Dogs", "ängste"]
    for title in titles:
        at_alice.send("/lists", title=title, replies_policy="list")

    rows = [e.words for e in at_alice.get("/lists").all("strong")]
    assert rows == ["ängste", "apfel", "Äpfel", "crowd", "Dogs", "Éclair", "Zoo"]


def test_the_way_to_add_people_is_told_by_the_name_that_it_has(at_alice, bob, place):
    [entry] = at_alice.get("/@bob").all("a", href="/@bob/lists")
    says = f"choose “{entry.words.replace('@bob', '@name')}” in the menu"
    for path in (place, f"{place}/members"):
        assert says in at_alice.get(path).words
    at_alice.send(f"{place}/add/bob")

    members = at_alice.get(f"{place}/members")
    assert says in members.words
    assert members.one("a", href="/@alice/following")
    [link] = at_alice.get(f"{place}/edit").all("a", href=f"{place}/members")
    assert link.words == "List members"
    [link] = at_alice.get(place).all("a", href=f"{place}/members")
    assert link["aria-label"] == "List members"


def test_a_list_is_changed(at_alice, bob, place, wiring):
    at_alice.send(f"{place}/add/bob")
    deliver(wiring, bob.say("Hello"))
    assert at_alice.get("/home").texts == ["Hello"]
    page = at_alice.get(f"{place}/edit")
    assert page.value("title") == "Friends"

    fields = {"title": "Few", "replies_policy": "none", "is_exclusive": "1"}
    assert at_alice.send(f"{place}/edit", **fields) == place

    assert at_alice.get(place).title == "Few · Kwip"
    assert "hidden from Home" in at_alice.get("/lists").words
    assert at_alice.get("/home").texts == []
    page = at_alice.send(f"{place}/edit", 422, title="", replies_policy="none")
    assert page.wrong("title")


def test_a_list_is_deleted_after_a_question(at_alice, place):
    question = at_alice.get(f"{place}/delete")
    assert "You'll still follow everyone" in question.words

    assert at_alice.send(f"{place}/delete") == "/lists"

    assert at_alice.get("/lists").said == "List deleted."
    at_alice.get(place, 404)


def test_the_lists_of_others_are_not_there(at_bob, place):
    for path in ("", "/edit", "/members", "/delete"):
        at_bob.get(place + path, 404)
    at_bob.send(f"{place}/delete", 404)


def test_a_hashtag_is_followed_on_its_page_and_listed(at_alice, anybody, bob):
    bob.say("A loaf #Rye")
    assert not anybody.get("/tags/rye").all("button")
    follow, unfollow = "/tags/rye/follow", "/tags/rye/unfollow"
    assert at_alice.get("/tags/Rye").one("button", formaction=follow)

    assert at_alice.send("/tags/RYE/follow") == "/tags/rye"

    page = at_alice.get("/tags/rye")
    assert page.one("button", formaction=unfollow)
    assert page.said == "You're following #rye."
    assert page.words.count("in your Home") == 1
    assert at_alice.get("/home").texts == ["A loaf #Rye"]
    assert at_alice.get("/lists").one("button", formaction=unfollow)
    assert at_alice.send(unfollow, next="/lists") == "/lists"
    assert at_alice.get("/lists").said == "You unfollowed #rye."
    assert at_alice.get("/home").texts == []
