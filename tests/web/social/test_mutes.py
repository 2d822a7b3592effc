from __future__ import annotations


def test_a_mute_for_some_time_says_when_it_ends(at_alice, bob):
    menu = at_alice.get("/@bob")
    assert menu.all("a", href="/@bob/mute")
    assert "How long" in at_alice.get("/@bob/mute").words

    fields = {"duration": "3600", "notifications": "show"}
    assert at_alice.send("/@bob/mute", **fields) == "/@bob"

    assert "Muted until" in at_alice.get("/@bob").words
    assert "until" in at_alice.get("/settings/muted").words
    wrong = at_alice.send("/@bob/mute", 422, duration="5")
    assert "Choose one of the options." in wrong.words


def test_reposts_are_hidden_and_followers_removed_on_a_profile(at_alice, at_bob):
    at_alice.send("/@bob/follow")
    at_bob.send("/@alice/follow")

    at_alice.send("/@bob/hide-reposts", next="/@bob")
    page = at_alice.get("/@bob")
    assert page.said.endswith("Reposts by @bob are hidden.")
    assert "Reposts hidden" in page.words
    at_alice.send("/@bob/show-reposts")
    at_alice.send("/@bob/remove-follower", next="/@bob")

    page = at_alice.get("/@bob")
    assert page.said.endswith("@bob doesn't follow you any more.")
    assert "Reposts hidden" not in page.words
    assert "Follows you" not in page.words


def test_a_note_stands_on_the_profile_for_its_writer(at_alice, at_bob, anybody):
    at_alice.send("/@bob/note", comment="Met at the fair")

    page = at_alice.get("/@bob")
    assert page.said == "Note saved."
    assert "Met at the fair" in page.words
    assert "Met at the fair" in at_alice.get("/@bob/note").words
    assert "Met at the fair" not in at_bob.get("/@bob").words
    assert "Met at the fair" not in anybody.get("/@bob").words
    wrong = at_alice.send("/@bob/note", 422, comment="x" * 2_001)
    assert wrong.all("textarea", id="comment")
    at_alice.send("/@bob/note", comment="")
    assert "Your note" not in at_alice.get("/@bob").words
