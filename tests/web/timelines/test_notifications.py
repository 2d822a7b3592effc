"""The page of notifications, its badge, and the button that asks for each kwip."""

from __future__ import annotations

import pytest

from kwip.domain.timelines.notifications import Notification, NotificationKind
from kwip.jobs.registry import jobs
from tests.api.test_media import upload

PATH = "/notifications"


@pytest.fixture
def say(wiring):
    """Return a function that lets a person say something, and delivers it."""

    def say(person, text, **fields):
        status = person.say(text, **fields)
        jobs(wiring.services)["fanout"](status["id"])
        return status

    return say


@pytest.fixture
def fans(people):
    """Return five people who do what alice is told of."""
    return [people(name) for name in ("bob", "carol", "dave", "erin", "frank")]


def badge(page):
    """What the navigation says of what is unread, or nothing."""
    (found,) = [e for e in page.elements if e.get("id") == "unread"]
    return "" if "hidden" in found.attributes else found.words


def sentences(page):
    """What the notifications that are one sentence say, without times."""
    said = page.with_class("notice-said")
    spans = [e for e in page.all("span") if e.inside[-1] in said]
    return [e.words.removeprefix("Unread: ") for e in spans]


def favourites(fans, post, number):
    for fan in fans[:number]:
        fan.post(f"/api/v1/statuses/{post['id']}/favourite")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (1, "Bob favourited your kwip"),
        (2, "Carol and Bob favourited your kwip"),
        (3, "Dave, Carol and Bob favourited your kwip"),
        (4, "Erin, Dave and 2 others favourited your kwip"),
        (5, "Frank, Erin and 3 others favourited your kwip"),
    ],
)
def test_a_sentence_names_as_many_as_one_reads(
    at_alice, alice, fans, say, number, sentence
):
    favourites(fans, say(alice, "A walk"), number)

    assert sentences(at_alice.get(PATH)) == [sentence]


def test_a_page_tells_of_each_kind(at_alice, alice, fans, say, wiring):
    bob, carol, *_ = fans
    alice.post(f"/api/v1/accounts/{bob.id}/follow", json={"notify": True})
    own = say(alice, "A walk")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    carol.post(f"/api/v1/accounts/{alice.id}/follow")
    reposted = bob.post(f"/api/v1/statuses/{own['id']}/reblog").json
    jobs(wiring.services)["fanout"](reposted["id"])
    say(carol, "@alice how long?", in_reply_to_id=own["id"])
    say(carol, "Ask @alice")
    say(bob, "A cake")

    page = at_alice.get(PATH)

    assert sentences(page) == [
        "Bob reposted your kwip",
        "Carol and Bob followed you",
    ]
    assert [e.words for e in page.with_class("post-why")] == [
        "Unread: New kwip from someone you subscribe to",
        "Unread: Mentioned you",
        "Unread: Replied to you",
    ]
    assert page.texts == ["A cake", "Ask @alice", "how long?"]
    assert "Your kwip: A walk" in page.words


def test_the_tab_of_mentions_shows_only_what_was_said_to_one(
    at_alice, alice, fans, say
):
    bob, *_ = fans
    favourites(fans, say(alice, "A walk"), 1)
    say(bob, "@alice")

    page = at_alice.get(f"{PATH}/mentions")

    assert page.texts == ["@alice"]
    assert sentences(page) == []
    assert page.one("a", aria_current="page", href=f"{PATH}/mentions").words


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("follows", ["Bob followed you"]),
        ("favourites", ["Bob favourited your kwip"]),
        ("reposts", ["Bob reposted your kwip"]),
    ],
)
def test_each_filter_shows_only_its_kind(
    at_alice, alice, fans, say, wiring, name, said
):
    bob, *_ = fans
    own = say(alice, "A walk")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    favourites([bob], own, 1)
    reposted = bob.post(f"/api/v1/statuses/{own['id']}/reblog").json
    jobs(wiring.services)["fanout"](reposted["id"])
    say(bob, "@alice")

    page = at_alice.get(f"{PATH}/{name}")

    assert sentences(page) == said
    assert page.texts == []
    assert page.one("a", aria_current="page", href=f"{PATH}/{name}").words


def test_direct_kwips_have_a_place(at_alice, fans, say, wiring):
    bob, *_ = fans
    assert "No direct kwips yet" in at_alice.get(f"{PATH}/direct").words
    say(bob, "@alice in public")
    said = bob.say("@alice only you", visibility="direct")
    jobs(wiring.services)["fanout"](said["id"])
    for number in range(45):
        say(bob, f"@alice {number}")

    page = at_alice.get(f"{PATH}/direct")

    assert page.texts == ["@alice only you"]


def test_every_page_counts_what_is_unread_until_it_is_marked(
    at_alice, alice, fans, say
):
    favourites(fans, say(alice, "A walk"), 2)
    for path in ("/home", "/", "/@bob", PATH, PATH):
        assert badge(at_alice.get(path)) == "2 unread", path
    page = at_alice.get(PATH)
    assert len(page.with_class("notice-new")) == 1

    place = at_alice.send(f"{PATH}/seen", last_read_id=page.value("last_read_id"))

    after = at_alice.get(place)
    assert badge(after) == ""
    assert after.with_class("notice-new") == []
    assert "hidden" not in page.one("form", id="seen").attributes
    assert "hidden" in after.one("form", id="seen").attributes
    assert sentences(after) == sentences(page)


def test_what_came_after_the_page_stays_new(at_alice, alice, fans, say):
    post = say(alice, "A walk")
    favourites(fans, post, 1)
    page = at_alice.get(PATH)
    favourites(fans, post, 2)
    at_alice.send(f"{PATH}/seen", last_read_id=page.value("last_read_id"))

    after = at_alice.get(PATH)

    assert badge(after) == "1 unread"
    assert sentences(after) == [
        "Carol favourited your kwip",
        "Bob favourited your kwip",
    ]


def test_more_than_the_badge_counts_is_99_and_more(at_alice, alice, fans, wiring):
    wiring.stores.notifications.add_many(
        [
            Notification(
                recipient_id=alice.user.id,
                kind=NotificationKind.MENTION,
                actor_id=fans[number % 5].user.id,
                seq=wiring.services.users.ids.next_id(number),
                post_id=number,
            )
            for number in range(101)
        ]
    )

    assert badge(at_alice.get("/home")) == "99+ unread"


def test_a_page_of_nothing_says_what_will_be_there(at_alice):
    assert "No notifications yet" in at_alice.get(PATH).words
    assert "No mentions yet" in at_alice.get(f"{PATH}/mentions").words
    further = at_alice.get(f"{PATH}?max_id=1")
    assert "That's everything" in further.words
    assert badge(further) == ""


def test_a_page_leads_on_to_what_is_older(at_alice, fans, say):
    bob, *_ = fans
    for number in range(41):
        say(bob, f"@alice {number}")
    first = at_alice.get(PATH)
    assert len(first.texts) == 40

    older = at_alice.get(first.one("a", rel="next")["href"])

    assert older.texts == ["@alice 0"]
    assert older.all("a", rel="next") == []
    assert older.all("form", id="seen") == []


def test_a_part_has_what_is_newer_and_says_up_to_where(at_alice, fans, say):
    bob, *_ = fans
    say(bob, "@alice 1")
    first = at_alice.get(PATH).value("last_read_id")
    say(bob, "@alice 2")

    part = at_alice.get(f"{PATH}/new?since_id={first}")

    assert part.texts == ["@alice 2"]
    (holder,) = [e for e in part.elements if "data-newest" in e.attributes]
    assert holder["data-newest"] == at_alice.get(PATH).value("last_read_id")


def test_one_asks_on_the_profile_and_is_told(at_alice, alice, fans, say):
    bob, *_ = fans
    bell = {"title": "Notify me when @bob posts"}
    assert "hidden" in at_alice.get("/@bob").one("button", **bell).attributes
    at_alice.send("/@bob/follow")
    assert "hidden" not in at_alice.get("/@bob").one("button", **bell).attributes

    place = at_alice.send("/@bob/notify")

    page = at_alice.get(place)
    assert "You'll be notified when @bob posts." in page.said
    assert page.one("button", **bell)["formaction"] == "/@bob/unnotify"
    say(bob, "A cake")
    assert at_alice.get(PATH).texts == ["A cake"]
    at_alice.send("/@bob/unnotify")
    page = at_alice.get("/@bob")
    assert page.one("button", **bell)["formaction"] == "/@bob/notify"


@pytest.mark.parametrize("fields", [{}, {"last_read_id": "x"}, {"other": "1"}])
def test_a_mark_without_a_place_is_refused(at_alice, fields):
    assert at_alice.post(f"{PATH}/seen", **fields).status_code == 422


def test_a_favourite_of_a_picture_says_that_it_is_one(at_alice, alice, bob):
    shown = alice.say("", media_ids=[upload(alice)["id"]])
    bob.post(f"/api/v1/statuses/{shown['id']}/favourite")

    page = at_alice.get("/notifications")

    (link,) = page.all("a", href=f"/@alice/{shown['id']}")
    assert link.words == "Your kwip: (1 attachment)"
