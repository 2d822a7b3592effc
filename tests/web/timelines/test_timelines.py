from __future__ import annotations

import re

import pytest

from kwip.jobs.registry import jobs
from tests.conversations import grow


@pytest.fixture
def deliver(wiring):
    """Return a function that does what the worker does for a follow or a post."""
    return lambda job, job_id: jobs(wiring.services)[job](str(job_id))


def addresses(page, words):
    return [a["href"] for a in page.all("a") if a.words == words]


def test_a_visitor_is_told_what_this_is_above_what_people_say(anybody, alice):
    alice.say("Hello")

    page = anybody.get("/")

    assert page.with_class("hero")
    assert addresses(page, "Sign up")
    assert page.texts == ["Hello"]
    assert not page.all("textarea")
    assert not page.all("form", method="post")


def test_a_member_sees_the_public_timeline_without_an_advertisement(at_alice):
    page = at_alice.get("/")

    assert page.one("h1").words == "Public timeline"
    assert not page.with_class("hero")


def test_an_empty_site_says_so(anybody, at_alice):
    assert "No kwips yet" in anybody.get("/").words
    assert addresses(at_alice.get("/"), "Write the first kwip") == ["/compose"]


def test_an_empty_home_shows_where_people_are(at_alice):
    page = at_alice.get("/home")

    assert "To get started:" in page.words
    assert addresses(page, "Find people in the public timeline") == ["/"]


def test_a_home_of_silent_people_says_so(at_alice, bob):
    at_alice.send("/@bob/follow")

    assert "haven't posted lately" in at_alice.get("/home").words


def test_home_shows_whom_one_follows(at_alice, alice, bob, deliver):
    at_alice.send("/@bob/follow")
    deliver("edge", f"{alice.id}:{bob.id}")
    deliver("fanout", bob.say("From Bob")["id"])

    assert at_alice.get("/home").texts == ["From Bob"]


def test_one_pages_back_and_forth_and_keeps_the_place(at_alice, alice):
    for number in range(45):
        alice.say(str(number))
    newest = [str(n) for n in range(44, -1, -1)]

    for place in ("/", "/@alice", "/home"):
        check_pages(at_alice, place, newest)


def check_pages(browser, place, newest):
    first = browser.get(place)
    assert first.texts == newest[:20]
    assert not addresses(first, "Newer")
    second = browser.get(addresses(first, "Older")[0])
    assert second.texts == newest[20:40]
    third = browser.get(addresses(second, "Older")[0])
    assert third.texts == newest[40:]
    assert not addresses(third, "Older")

    (newer,) = addresses(third, "Newer")
    assert newer.endswith("#end")
    back = browser.get(newer.removesuffix("#end"))
    assert back.texts == newest[20:40]
    assert [e for e in back.elements if e.get("id") == "end"]
    (newer,) = addresses(back, "Newer")
    assert browser.get(newer.removesuffix("#end")).texts == newest[:20]


def test_past_either_end_there_is_a_way_back(at_alice, alice):
    newest = alice.say("only")["id"]
    for place in ("/", "/home", "/@alice"):
        for cursor in ("max_id=1", f"min_id={newest}"):
            page = at_alice.get(f"{place}?{cursor}")

            assert "That's everything" in page.words
            assert place in addresses(page, "Newer") + [
                a["href"] for a in page.all("a") if a.words.startswith("Back to")
            ]


@pytest.mark.parametrize("place", ["/@alice", "/", "/tags/tea"])
def test_a_page_of_which_everything_is_hidden_leads_on_in_the_active_order(
    anybody, alice, bob, wiring, monkeypatch, place
):
    monkeypatch.setattr("kwip.services.timelines.active_order.MAX_HYDRATED", 5)
    alice.say("#tea")
    for number in range(5):
        alice.say(str(number), visibility="private")
        bob.say(f"#tea {number}")
    wiring.services.moderation.suspend(bob.user.id)

    first = anybody.get(f"{place}?order=active")
    assert first.texts == []
    assert "Nothing to see on this page" in first.words
    second = anybody.get(addresses(first, "Older")[0])
    assert second.texts == ["#tea"]


@pytest.mark.parametrize(("place", "part"), [("/", "/new"), ("/home", "/home/new")])
def test_what_is_newer_than_a_page_comes_as_articles_alone(
    at_alice, alice, place, part
):
    slot = at_alice.get(place).with_class("news")[0]
    assert slot["data-since"] == "0"
    first = alice.say("first")["id"]
    slot = at_alice.get(place).with_class("news")[0]
    address = f"{part}?repeats=fold&"
    assert (slot["data-fragment"], slot["data-since"]) == (address, first)
    assert slot["role"] == "status"
    second, third = alice.say("second")["id"], alice.say("third")["id"]

    new = at_alice.get(f"{address}since_id={first}")

    assert new.texts == ["third", "second"]
    (around,) = [e for e in new.elements if "data-newest" in e.attributes]
    assert (around["data-newest"], around["data-oldest"]) == (third, second)
    assert not new.all("h1")
    assert not addresses(new, "Load more new kwips")
    nothing = at_alice.get(f"{part}?since_id={third}")
    assert nothing.texts == []
    assert [e["data-newest"] for e in nothing.elements if e.tag == "div"] == [""]


def test_more_that_is_new_than_a_page_holds_is_said(at_alice, alice):
    for number in range(42):
        alice.say(str(number))

    for part, place in (("/new", "/"), ("/home/new", "/home")):
        new = at_alice.get(f"{part}?since_id=0")

        assert len(new.texts) == 40
        assert addresses(new, "Load more new kwips") == [place]


def test_an_older_page_has_no_place_for_what_is_new(at_alice, alice):
    first = alice.say("first")["id"]

    for place in ("/", "/home"):
        assert not at_alice.get(f"{place}?max_id={first}").with_class("news")


@pytest.mark.parametrize(("kwips", "words"), [(0, "0 kwips"), (1, "1 kwip")])
def test_counts_are_said_in_the_right_number(anybody, alice, deliver, kwips, words):
    for _ in range(kwips):
        deliver("fanout", alice.say("x")["id"])

    (counts,) = anybody.get("/@alice").with_class("counts")
    assert words in re.split(r" (?=\d)", counts.words)


def test_a_profile_says_who_somebody_is(at_alice, at_bob, anybody, bob):
    at_alice.send("/settings/profile", display_name="Alice A.", bio="Plants & trains")
    page = anybody.get("/@ALICE")

    assert page.one("h1").words == "Alice A."
    assert page.title == "Alice A. (@alice) · Kwip"
    assert page.with_class("bio")[0].words == "Plants & trains"
    (canonical,) = page.all("link", rel="canonical")
    assert canonical["href"].endswith("/@alice")


def test_replies_stand_on_a_page_of_their_own(anybody, alice, bob):
    question = bob.say("Question?")
    alice.say("Statement.")
    alice.say("Answer!", in_reply_to_id=question["id"])

    assert anybody.get("/@alice").texts == ["Statement."]
    page = anybody.get("/@alice/with-replies")
    assert page.texts == ["Answer!", "Statement."]
    assert addresses(page, "Question?") == [f"/@bob/{question['id']}"]


def test_an_empty_profile_says_so(at_alice, anybody):
    assert "No kwips yet" in anybody.get("/@alice").words
    assert addresses(at_alice.get("/@alice"), "Write your first kwip") == ["/compose"]


def test_a_thread_stands_in_reading_order(anybody, alice, bob):
    ids = [alice.say("1")["id"]]
    for text, parent in (("1.1", 0), ("1.1.1", 1), ("1.1.1.1", 2), ("1.2", 0)):
        ids.append(bob.say(text, in_reply_to_id=ids[parent])["id"])

    whole = anybody.get(f"/@alice/{ids[0]}")
    assert whole.texts == ["1", "1.1", "1.1.1", "1.1.1.1", "1.2"]
    depths = [e["class"] for e in whole.all("li") if "depth" in e.get("class", "")]
    assert depths == ["depth-1", "depth-2", "depth-3", "depth-1"]
    middle = anybody.get(f"/@bob/{ids[2]}")
    assert middle.texts == ["1", "1.1", "1.1.1", "1.1.1.1"]
    (focus,) = middle.with_class("post-focus")
    assert focus["id"] == f"p{ids[2]}"


def test_a_deep_thread_steps_in_no_further_than_a_phone_can_bear(anybody, alice):
    first = last = alice.say("0")["id"]
    for number in range(12):
        last = alice.say(str(number), in_reply_to_id=last)["id"]

    page = anybody.get(f"/@alice/{first}")

    assert page.all("li")[-1]["class"] == "depth-7"


def test_a_long_thread_leads_on_part_by_part(anybody, alice, wiring):
    root = alice.say("root")["id"]
    answers = [0, *[1] * 45, 0]  # one reply, 45 to that one, and one more
    made = grow(wiring.store.database, int(root), answers)
    texts = [f"Reply {number}" for number in range(1, 48)]

    first = anybody.get(f"/@alice/{root}")
    assert first.texts == ["root", *texts[:40]]
    assert not addresses(first, "First replies")
    (more,) = addresses(first, "More replies")
    assert more == f"/@alice/{root}?after={made[40]}#replies"
    assert [e for e in first.elements if e.get("id") == "replies"]

    second = anybody.get(more)
    assert second.texts == ["root", *texts[40:]]
    assert not addresses(second, "More replies")
    assert addresses(second, "First replies") == [f"/@alice/{root}#replies"]
    # What they answer stands on the first part.
    assert addresses(second, "@alice") == [f"/@alice/{made[1]}"] * 6
    assert addresses(first, "@alice") == []


def test_who_replies_in_a_long_thread_is_led_to_the_part_with_it(at_bob, alice, wiring):
    root = alice.say("root")["id"]
    grow(wiring.store.database, int(root), [0] * 90)
    sheet = at_bob.get(f"/@alice/{root}")

    where = at_bob.send(
        "/compose",
        text="Mine",
        key=sheet.value("key"),
        visibility="public",
        in_reply_to_id=root,
    )

    part, _, place = where.partition("#")
    page = at_bob.get(part)
    assert page.texts == ["root", *(f"Reply {n}" for n in range(81, 91)), "Mine"]
    assert [e for e in page.elements if e.get("id") == place]
    elsewhere = at_bob.get(f"/@alice/{root}?reply=1")
    assert elsewhere.texts[:2] == ["root", "Reply 1"]


def test_a_deep_thread_leads_up_to_its_beginning(anybody, alice, wiring):
    root = alice.say("root")["id"]
    made = grow(wiring.store.database, int(root), range(45))

    last = anybody.get(f"/@alice/{made[-1]}")
    assert last.texts == [f"Reply {number}" for number in range(5, 46)]
    (earlier,) = addresses(last, "Show earlier kwips in this thread")
    assert earlier == f"/@alice/{made[5]}"
    above = anybody.get(earlier)
    assert above.texts[:7] == ["root", *(f"Reply {n}" for n in range(1, 7))]
    assert not addresses(above, "Show earlier kwips in this thread")


@pytest.mark.parametrize("after", ["1", "x", "-1"])
def test_a_part_of_a_thread_that_there_is_not_is_no_page(anybody, alice, after):
    place = f"/@alice/{alice.say('root')['id']}"

    page = anybody.get(f"{place}?after={after}", status=400)
    assert page.all("strong")[0].words == "after"


def test_a_thread_says_that_something_is_missing(at_alice, anybody, alice, bob):
    root = alice.say("root")["id"]
    gone = alice.say("gone", in_reply_to_id=root)["id"]
    leaf = bob.say("leaf", in_reply_to_id=gone)["id"]
    at_alice.send(f"/@alice/{gone}/delete")

    from_root = anybody.get(f"/@alice/{root}")
    assert from_root.texts == ["root", "leaf"]
    assert "1 kwip in this thread was deleted." in from_root.words
    at_alice.send(f"/@alice/{root}/delete")
    from_leaf = anybody.get(f"/@bob/{leaf}")
    assert from_leaf.texts == ["leaf"]
    assert "parent is deleted or private" in from_leaf.words


def test_who_is_not_signed_in_is_invited_to_reply(anybody, alice):
    place = f"/@alice/{alice.say('Hi')['id']}"

    page = anybody.get(place)

    assert addresses(page, "Log in")[-1] == f"/login?next={place}"
    assert [e for e in page.elements if e.get("id") == "reply"]


def test_a_text_runs_in_its_own_direction_and_names_its_language(anybody, alice):
    alice.say("שלום", language="he")

    (text,) = anybody.get("/").with_class("post-text")
    assert text["dir"] == "auto"
    assert text["lang"] == "he"


def test_times_are_whole_without_a_script(anybody, alice):
    posted = alice.say("now")

    (time,) = anybody.get("/").all("time")
    assert time["datetime"] == posted["created_at"][:19] + "Z"
    assert time.words == "now"
    assert time["title"].endswith(" UTC")


def test_the_place_where_one_is_is_marked(at_alice):
    for place in ("/", "/home", "/@alice", "/settings", "/compose"):
        here = {
            a["href"]
            for a in at_alice.get(place).all("a", aria_current="page")
            if any(e.tag == "nav" and e["aria-label"] == "Main" for e in a.inside)
        }

        assert here == {place}


def test_repeats_are_folded_and_can_be_shown(anybody, at_alice, at_bob, alice, bob):
    for text in ("Tea?", "Cake?", "Tea?"):
        alice.say(text)
    bob.say("Tea?")
    folded = anybody.get("/")

    assert folded.texts == ["Tea?", "Cake?", "Tea?"]
    assert "1 repeat hidden." in folded.words
    [address] = addresses(folded, "Show repeats")
    shown = anybody.get(address)
    assert shown.texts == ["Tea?", "Tea?", "Cake?", "Tea?"]
    assert anybody.get(addresses(shown, "Hide repeats")[0]).texts == folded.texts
    # One's own are never folded, and a setting shows everybody's.
    assert len(at_alice.get("/@alice").texts) == 3
    assert len(at_bob.get("/@alice").texts) == 2
    at_bob.send("/settings/reading")
    assert len(at_bob.get("/@alice").texts) == 3
    assert len(at_bob.get("/@alice?repeats=fold").texts) == 2


def test_how_repeats_are_shown_is_kept_from_page_to_page(anybody, at_alice, alice):
    for _ in range(25):
        alice.say("Tea?")
    first = anybody.get("/?repeats=show")

    assert addresses(first, "Older")[0].startswith("/?repeats=show&max_id=")
    assert len(anybody.get(addresses(first, "Older")[0]).texts) == 5
    kept = at_alice.get("/?repeats=show&x=secret").one("input", name="next")
    assert kept["value"] == "/?repeats=show"
    wrong = anybody.get("/?repeats=perhaps", status=400)
    assert "Must be one of: fold, show." in wrong.words


@pytest.mark.parametrize("place", ["/home", "/tags/tea"])
def test_a_timeline_can_be_read_in_the_active_order(at_alice, alice, wiring, place):
    first = alice.say("#tea 1")["id"]
    made = [alice.say(f"#tea {n}")["id"] for n in range(2, 24)]
    answer = alice.say("It is", in_reply_to_id=first)
    wiring.fence.invalidate(["active:public:0", "active:tag:tea"])
    recent = at_alice.get(place)
    [address] = addresses(recent, "Active")
    active = at_alice.get(address)

    assert address == f"{place}?order=active"
    assert [a["href"] for a in active.all("a", aria_current="page")][-1] == address
    assert active.texts == ["#tea 1", *(f"#tea {n}" for n in range(23, 4, -1))]
    [note] = active.with_class("post-note")
    assert note.words == "last reply just now"
    [time] = [e for e in active.all("time") if note in e.inside]
    assert time["datetime"] == answer["created_at"][:19] + "Z"
    assert "answered" not in recent.words
    assert not active.with_class("news")
    [older] = addresses(active, "Older")
    alice.say("Is it?", in_reply_to_id=made[1])
    rest = at_alice.get(older)
    assert rest.texts == ["#tea 4", "#tea 3", "#tea 2"]
    [newer] = addresses(rest, "Newer")
    assert at_alice.get(newer).texts == active.texts
    assert addresses(active, "Recent" if place != "/@alice" else "Kwips") == [place]


def test_home_says_where_the_active_order_ends(at_alice, alice, monkeypatch):
    monkeypatch.setattr("kwip.services.timelines.active_order.WINDOW", 2)
    for n in range(4):
        alice.say(str(n))
    page = at_alice.get("/home?order=active")

    assert page.texts == ["3", "2"]
    assert "Active order covers the latest 400 kwips" in page.words
    [older] = addresses(page, "Show older kwips, newest first")
    assert at_alice.get(older).texts == ["1", "0"]


def test_one_catches_up_from_where_one_stopped_oldest_first(at_alice, alice):
    empty = at_alice.get("/home/catch-up")
    assert not empty.all("button", name="last_read_id")
    assert "Your Home is empty." in empty.words
    assert "From now on" not in empty.words
    alice.say("old")
    fresh = at_alice.get("/home/catch-up")
    assert "Start catching up" in fresh.words
    assert "Kwip can remember how far you've read" in fresh.words
    marker = alice.get("/api/v1/markers?timeline[]=home").json["home"]
    assert marker["last_read_id"] == "0"
    assert fresh.texts == []
    stop = fresh.one("button", name="last_read_id")
    at_alice.send("/home/read", last_read_id=stop["value"])
    assert "You're all caught up" in at_alice.get("/home/catch-up").words

    for n in range(45):
        alice.say(str(n))
    first = at_alice.get("/home/catch-up")
    assert first.texts == [str(n) for n in range(40)]
    assert at_alice.get("/home/catch-up?order=active").texts == first.texts
    on = first.one("button", name="last_read_id")
    assert on["formaction"] == "/home/read"
    assert at_alice.send("/home/read", last_read_id=on["value"]) == (
        "/home/catch-up#main"
    )
    second = at_alice.get("/home/catch-up")
    assert second.texts == ["40", "41", "42", "43", "44"]
    # An app knows the place, and a page that is open since long takes nothing back.
    at_alice.send("/home/read", last_read_id=stop["value"])
    marker = alice.get("/api/v1/markers?timeline[]=home").json["home"]
    assert (marker["last_read_id"], marker["version"]) == (on["value"], 3)
    home = at_alice.get("/home").one("button", name="last_read_id")
    at_alice.send("/home/read", last_read_id=home["value"])
    assert "You're all caught up" in at_alice.get("/home/catch-up").words


@pytest.mark.parametrize(
    ("number", "own", "said"),
    [(2, 3, "2 new"), (2, 45, "2+ new"), (0, 2, "Only your own kwips")],
)
def test_catching_up_says_how_much_by_others_is_new_since_when(
    at_alice, alice, bob, deliver, number, own, said
):
    at_alice.send("/@bob/follow")
    deliver("edge", f"{alice.id}:{bob.id}")
    old = alice.say("old")
    at_alice.send("/home/read", last_read_id=old["id"])
    for n in range(number):
        deliver("fanout", bob.say(str(n))["id"])
    for n in range(own):
        alice.say(str(n))

    page = at_alice.get("/home/catch-up")

    [note] = [e for e in page.with_class("column-note") if e.get("id")]
    assert note.words.startswith(f"{said} since ")
    [time] = [e for e in page.all("time") if note in e.inside]
    assert old["created_at"].startswith(time["datetime"].removesuffix("Z"))


def test_where_nothing_is_left_to_catch_up_home_is_a_link_away(at_alice, alice):
    alice.say("old")
    page = at_alice.get("/home")
    [note] = [e for e in page.with_class("column-note") if "Stopping" in e.words]
    assert "and catch up" in note.words

    place = page.one("button", name="last_read_id")["value"]
    at_alice.send("/home/read", last_read_id=place)

    page = at_alice.get("/home/catch-up")
    assert "There's nothing new in your Home since you stopped." in page.words
    assert addresses(page, "Go to Home") == ["/home"]
    assert not page.all("button", name="last_read_id")
    assert "repeat" not in page.words


def test_one_catches_up_past_what_is_folded(at_alice, alice, bob, deliver):
    at_alice.send("/@bob/follow")
    deliver("edge", f"{alice.id}:{bob.id}")
    for text in ("Tea?", "Tea?"):
        deliver("fanout", bob.say(text)["id"])
    begin = at_alice.get("/home/catch-up").one("button", name="last_read_id")
    at_home = at_alice.get("/home").one("button", name="last_read_id")
    assert begin["value"] == at_home["value"]
    at_alice.send("/home/read", last_read_id=begin["value"])
    assert "repeat" not in at_alice.get("/home/catch-up").words

    last = [bob.say("Tea?")["id"] for _ in range(2)][-1]
    for each in (last, bob.say("Cake?")["id"], bob.say("Tea?")["id"]):
        deliver("fanout", each)
    with_items = at_alice.get("/home/catch-up")
    assert with_items.texts == ["Cake?"]
    on = with_items.one("button", name="last_read_id")
    at_alice.send("/home/read", last_read_id=on["value"])
    assert "repeat" not in at_alice.get("/home/catch-up").words

    deliver("fanout", bob.say("Tea?")["id"])
    page = at_alice.get("/home/catch-up")
    assert "There are only repeats in your Home" in page.words
    assert "1 repeat hidden." in page.words
    [address] = addresses(page, "Show repeats")
    assert at_alice.get(address).texts == ["Tea?"]
    on = page.one("button", name="last_read_id")
    at_alice.send("/home/read", last_read_id=on["value"])
    page = at_alice.get("/home/catch-up")
    assert "There's nothing new in your Home since you stopped." in page.words
    assert "repeat" not in page.words


def test_a_place_in_the_future_is_not_remembered(at_alice):
    answer = at_alice.post("/home/read", last_read_id=2**62)

    assert answer.status_code == 422
    assert "This id does not exist yet." in answer.text
