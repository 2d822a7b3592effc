from __future__ import annotations

import datetime as dt

import pytest

from kwip.cache.invalidation_rules import recount

ASKED = {"options": ["Rye", "Wheat"], "expires_in": 3_600}


@pytest.fixture
def ask(bob):
    def ask(**changes):
        return bob.say("Which?", poll=ASKED | changes)["id"]

    return ask


def choices(page, kind="radio"):
    return page.all("input", type=kind, form="act")


def test_a_poll_is_a_form_that_becomes_results(at_alice, ask):
    asked = ask()
    place = f"/@bob/{asked}"
    page = at_alice.get(place)
    name = f"vote[{asked}][]"

    assert [each["name"] for each in choices(page)] == [name] * 2
    assert page.one("button", formaction=f"{place}/vote").words == "Vote"
    assert at_alice.send(f"{place}/vote", next="/", **{name: "1"}) == f"/#p{asked}"
    after = at_alice.get(place)
    assert choices(after) == []
    assert [bar["value"] for bar in after.all("meter")] == ["0", "100"]
    assert "Your vote" in after.words
    assert "1 person voted" in after.words


def test_several_options_are_boxes(at_alice, ask):
    asked = ask(multiple=True)
    name = f"vote[{asked}][]"

    assert len(choices(at_alice.get(f"/@bob/{asked}"), "checkbox")) == 2
    at_alice.send(f"/@bob/{asked}/vote", **{name: ["0", "1"]})
    bars = at_alice.get(f"/@bob/{asked}").all("meter")
    assert [bar["value"] for bar in bars] == ["100", "100"]


@pytest.mark.parametrize("choice", ["", "7"])
def test_a_vote_for_nothing_is_an_error_above_its_poll(at_alice, ask, choice):
    asked = ask()
    fields = {f"vote[{asked}][]": choice} if choice else {}
    place = f"/@bob/{asked}"
    assert at_alice.send(f"{place}/vote", next="/home", **fields) == place
    page = at_alice.get(place)

    why = "This option does not exist." if choice else "Choose an option."
    assert page.one("p", role="alert").words == why
    assert page.said == ""
    assert choices(page)


def test_results_are_what_authors_and_visitors_see(at_bob, anybody, ask):
    asked = ask()
    for visitor in (at_bob, anybody):
        page = visitor.get(f"/@bob/{asked}")

        assert choices(page) == []
        assert len(page.all("meter")) == 2


def test_after_the_end_the_results_are_final(at_alice, ask, wiring):
    asked = ask(hide_totals=True)
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    wiring.store.database["posts"].update_one(
        {"_id": int(asked)}, {"$set": {"poll.expires_at": past}}
    )
    wiring.fence.invalidate(recount(user_ids=(), post_ids=[asked]))
    page = at_alice.get(f"/@bob/{asked}")

    assert choices(page) == []
    assert "Final results" in page.words
    assert len(page.all("meter")) == 2


def test_hidden_totals_are_not_in_the_page(anybody, ask):
    page = anybody.get(f"/@bob/{ask(hide_totals=True)}")

    assert page.all("meter") == []
    assert "Rye" in page.words


def test_a_choice_in_one_poll_does_not_disturb_the_page_s_other_buttons(
    at_alice, ask, bob
):
    asked, other = ask(), bob.say("Hello")["id"]
    chosen = {f"vote[{asked}][]": "1", "next": "/"}
    for path in (f"/@bob/{other}/favourite", "/@bob/follow"):
        assert at_alice.send(path, **chosen)
    at_alice.send("/home/read", last_read_id=other, **chosen)

    assert choices(at_alice.get(f"/@bob/{asked}"))


def sheet_with(*options, **changes):
    fields = {"poll[options][]": [*options, *[""] * (4 - len(options))]}
    return fields | {"poll[expires_in]": "3600"} | changes


def test_a_kwip_asks_a_question_without_a_script(at_alice, at_bob):
    options = {"poll[multiple]": "1", "poll[hide_totals]": "1"}
    assert at_alice.write("Which?", **sheet_with("Rye", "Wheat", **options)) == "/home"
    page = at_bob.get("/@alice")

    assert len(choices(page, "checkbox")) == 2
    assert "Wheat" in page.words


def test_empty_fields_make_no_poll(at_alice, at_bob):
    at_alice.write("Hello", **sheet_with(" "))
    page = at_bob.get("/@alice")

    assert page.texts == ["Hello"]
    assert not page.with_class("poll")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["Rye"], "Add at least 2 options."),
        (["Rye", "Rye"], "Two options are the same."),
        (["Rye", "W" * 51], "This has 1 too many."),
    ],
)
def test_a_poll_to_correct_comes_back_with_what_was_written(at_alice, options, why):
    key = at_alice.get("/compose").value("key")
    fields = sheet_with(*options, **{"poll[multiple]": "1", "key": key})
    page = at_alice.send("/compose", 422, text="Which?", **fields)
    shown = page.all("input", name="poll[options][]")

    assert why in page.words
    assert [each["value"] for each in shown] == [*options, *[""] * (4 - len(options))]
    assert "checked" in page.one("input", name="poll[multiple]").attributes
    assert page.value("poll[expires_in]") == "3600"
    assert page.value("text") == "Which?"


def test_an_edit_changes_the_poll_and_the_history_shows_it(at_bob, at_alice, ask):
    asked = ask()
    place = f"/@bob/{asked}"
    at_alice.send(f"{place}/vote", **{f"vote[{asked}][]": "1"})
    page = at_bob.get(f"{place}/edit")
    kept = sheet_with("Rye", "Wheat", **{"poll[expires_in]": ""})

    assert page.all("input", name="poll[options][]")[1]["value"] == "Wheat"
    assert page.value("poll[expires_in]") == ""
    at_bob.send(f"{place}/edit", text="Which one?", **kept)
    assert "1 person voted" in at_alice.get(place).words
    wrong = at_bob.send(f"{place}/edit", 422, text="Which?", **sheet_with("Spelt"))
    assert "Add at least 2 options." in wrong.words
    assert wrong.all("input", name="poll[options][]")[0]["value"] == "Spelt"
    at_bob.send(f"{place}/edit", text="Which?", **sheet_with("Spelt", "Oats"))
    assert "No votes yet" in at_alice.get(place).words
    assert choices(at_alice.get(place))
    titles = [
        each.words
        for each in at_alice.get(f"{place}/history").with_class("poll-titles")
    ]
    assert titles == ["Spelt Oats", "Rye Wheat", "Rye Wheat"]
    at_bob.send(f"{place}/edit", text="Never mind", **sheet_with())
    assert not at_alice.get(place).with_class("poll")
