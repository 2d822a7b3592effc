from __future__ import annotations


def test_requests_are_made_and_answered_without_a_script(
    at_alice, at_bob, browser_of, people
):
    at_alice.send("/settings/privacy", is_locked="1")
    at_carol = browser_of(people("carol"))
    for visitor in (at_bob, at_carol):
        assert visitor.get("/@alice").all("button", formaction="/@alice/follow")
        visitor.send("/@alice/follow", next="/@alice")
    page = at_bob.get("/@alice")
    assert page.said == "Follow request sent to @alice."
    assert page.all("button", formaction="/@alice/unfollow")[0].words.startswith(
        "Cancel request"
    )

    page = at_alice.get("/notifications")
    assert "2 follow requests" in page.words
    assert "Carol and Bob want" not in page.words
    assert "wants to follow you" in page.words
    assert page.all("a", href="/follow-requests")
    assert "wants to follow you" in at_alice.get("/@bob").words

    at_alice.send("/@bob/accept", next="/follow-requests")
    assert at_alice.get("/follow-requests").said == "@bob follows you now."
    at_carol.send("/@alice/unfollow")
    at_alice.send("/@carol/accept")

    page = at_alice.get("/follow-requests")
    assert page.said == "This request was withdrawn or answered already."
    assert "No follow requests" in page.words
    assert at_bob.get("/@alice").all("button", formaction="/@alice/unfollow")
    assert at_carol.get("/@alice").all("button", formaction="/@alice/follow")
