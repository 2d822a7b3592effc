"""What a reply replies to, on one line above it, for those who may see that."""

from __future__ import annotations


def replying(page):
    return [(e.words, *hrefs(page, e)) for e in page.with_class("post-parent")]


def notes(page):
    return [e.words for e in page.with_class("post-note")]


def hrefs(page, element):
    return [a["href"] for a in page.all("a") if element in a.inside]


def test_home_shows_one_line_of_what_a_reply_replies_to(at_alice, alice, people):
    carol = people("carol")
    asked = carol.say("Is <b> bold?\nI wonder.")
    reply = alice.say("@carol It is.", in_reply_to_id=asked["id"])
    alice.say("Very.", in_reply_to_id=reply["id"])
    address = f"/@carol/{asked['id']}"

    page = at_alice.get("/home")

    assert page.texts == ["Very.", "It is."]
    assert replying(page) == [
        ("It is.", f"/@alice/{reply['id']}"),
        ("Is <b> bold?", address),
    ]
    assert notes(page) == ["Replying to @alice", "Replying to @carol"]
    assert hrefs(page, page.with_class("post-note")[1]) == ["/@carol"]
    for place in (f"/home/new?since_id={asked['id']}", "/@alice/with-replies"):
        assert replying(at_alice.get(place)) == replying(page)


def test_a_line_shows_nothing_that_the_viewer_may_not_see(
    at_bob, alice, bob, people, wiring
):
    carol, place = people("carol"), "/@alice/with-replies"
    for follower, author in ((alice, carol), (bob, alice)):
        follower.post(f"/api/v1/accounts/{author.id}/follow")
    private = carol.say("secret", visibility="private")
    alice.say("Really?", in_reply_to_id=private["id"])
    asked = carol.say("It rains")
    alice.say("It does.", in_reply_to_id=asked["id"])

    def shown():
        page = at_bob.get(place)
        assert page.texts == ["It does.", "Really?"]
        assert "secret" not in page.html
        return [words for words, _ in replying(page)], notes(page)[0]

    plain = (["It rains"], "Replying to @carol")
    silent = ([], "Replying to @carol")
    assert shown() == shown() == plain
    for person, act in ((bob, "mute"), (bob, "block"), (carol, "block")):
        other = carol if person is bob else bob
        person.post(f"/api/v1/accounts/{other.id}/{act}")
        assert shown() == silent
        person.post(f"/api/v1/accounts/{other.id}/un{act}")
        assert shown() == plain
    wiring.services.moderation.suspend(int(carol.id))
    assert shown() == ([], "Replying to another kwip")
    wiring.services.moderation.unsuspend(int(carol.id))
    edit = {"status": "It pours", "spoiler_text": "Weather"}
    carol.ask("PUT", f"/api/v1/statuses/{asked['id']}", json=edit)
    assert shown() == (["Weather"], "Replying to @carol")
    carol.ask("DELETE", f"/api/v1/statuses/{asked['id']}")
    assert shown() == silent
