from __future__ import annotations

from xml.etree import ElementTree as ET

from kwip.domain.accounts.users import ProfileChange, Viewer

NAMESPACE = "{http://www.w3.org/2000/svg}"


def parsed(answer):
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    return ET.fromstring(answer.text)  # noqa: S314 -- our own


def title_of(answer):
    return parsed(answer).find(f"{NAMESPACE}title").text


def test_a_badge_shows_a_number_or_the_newest_kwip(alice, bob, client):
    assert (
        title_of(client.get("/badge/alice.svg?show=latest")) == "@alice: No kwips yet"
    )
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    first = alice.say("hello there")["id"]
    alice.say("a reply", in_reply_to_id=bob.say("x")["id"])

    assert title_of(client.get("/badge/alice.svg")) == "followers: 1"
    assert title_of(client.get("/badge/ALICE.svg?show=kwips")) == "kwips: 2"
    assert title_of(client.get("/badge/alice.svg?show=latest")) == "@alice: hello there"
    alice.ask("DELETE", f"/api/v1/statuses/{first}")
    assert (
        title_of(client.get("/badge/alice.svg?show=latest")) == "@alice: No kwips yet"
    )


def test_a_badge_is_as_high_as_asked_and_as_wide_as_its_text(alice, client):
    alice.say("x" * 400)
    small, large = (
        parsed(client.get(f"/badge/alice.svg?show=latest&size={size}"))
        for size in (16, 512)
    )

    assert (small.get("height"), large.get("height")) == ("16", "512")
    assert small.get("viewBox") == large.get("viewBox")
    texts = large.findall(f".//{NAMESPACE}text")
    assert texts[1].text == "x" * 59 + "…"
    width = int(large.get("viewBox").split()[2])
    assert width == sum(int(text.get("textLength")) for text in texts) + 28


def test_words_on_a_badge_stay_words(alice, client):
    words = "</text></svg><script>alert(1)</script> & \"'"
    alice.say(words)

    assert title_of(client.get("/badge/alice.svg?show=latest")) == f"@alice: {words}"
    alice.say("x", spoiler_text="careful")
    assert title_of(client.get("/badge/alice.svg?show=latest")) == "@alice: careful"


def test_a_wrong_parameter_of_a_badge_is_named(wiring, alice, client):
    for query in ("size=15", "size=513", "show=likes", "theme=pink", "colour=red"):
        answer = client.get(f"/badge/alice.svg?{query}")

        assert answer.status_code == 400
        assert list(answer.json["details"]) == [query.partition("=")[0]]
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    wiring.services.users.update_profile(viewer, ProfileChange(is_embeddable=False))
    assert client.get("/badge/alice.svg").status_code == 404


def test_a_badge_of_nobody_says_so_in_a_picture(wiring, alice, client):
    wiring.services.moderation.suspend(alice.user.id)
    for name in ("nobody", "Alice"):
        answer = client.get(f"/badge/{name}.svg?show=kwips&size=32")

        assert (answer.status_code, answer.mimetype) == (404, "image/svg+xml")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        picture = ET.fromstring(answer.text)  # noqa: S314 -- our own
        title = picture.find(f"{NAMESPACE}title").text
        assert (title, picture.get("height")) == (f"@{name.lower()}: not found", "32")
