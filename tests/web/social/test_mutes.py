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


def test_people_are_buzzed_and_invited_with_a_word_about_what_is_not_possible(
    at_alice, at_bob, alice, wiring
):
    assert "you miss them" not in at_alice.get("/@bob").words
    at_alice.send("/@bob/follow")
    assert at_alice.get("/@bob").all("button", formaction="/@bob/buzz")
    at_alice.send("/@bob/buzz", next="/@bob")
    assert at_alice.get("/@bob").said.endswith("@bob has posted in the last week.")
    now_ms = wiring.services.buzzes.clock() + 8 * 86_400_000
    object.__setattr__(wiring.services.buzzes, "clock", lambda: now_ms)
    at_alice.send("/@bob/buzz", next="/@bob")
    assert at_alice.get("/@bob").said.endswith("@bob will know you miss them.")
    thread = f"/@alice/{alice.say('Rye or spelt?')['id']}"
    assert at_alice.get(thread).all("a", href=f"{thread}/invite")
    wrong = at_alice.send(f"{thread}/invite", 422, username="@nobody")
    assert "There's nobody with this username." in wrong.words
    assert at_alice.send(f"{thread}/invite", username="@bob") == thread

    page = at_bob.get("/notifications")
    assert "Alice misses you" in page.words
    assert "Alice invited you into a conversation" in page.words
    assert page.all("a", href=thread)
    at_bob.send("/settings/privacy", is_locked="1")
    assert not at_alice.get("/@bob").all("button", formaction="/@bob/buzz")
