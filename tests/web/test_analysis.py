"""Figures for staff: right, bounded, counted once, readable as tables and as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from kwip.domain.accounts.users import User
from kwip.domain.ids import first_id_at
from kwip.domain.posting.posts import Draft

WEEK_MS, HOUR_MS = 7 * 86_400_000, 3_600_000
PLACE = "/admin/analysis"
#: A Wednesday at noon, UTC.
NOON_MS = 1_893_585_600_000


@pytest.fixture
def town(wiring):
    """Let three people join, two weeks before one more; three of them post."""
    database = wiring.store.database
    now = NOON_MS
    joined = [now - 2 * WEEK_MS + n for n in range(3)] + [now - HOUR_MS]
    ids = [first_id_at(ms) for ms in joined]
    wiring.stores.users.create_many(
        [
            User(id=user_id, username=f"u{n}", display_name="")
            for n, user_id in enumerate(ids)
        ]
    )
    author = ids[0]
    made = wiring.services.posts.publish(author, Draft(text="A question"))
    [document] = database["posts"].find({"_id": made.id})
    for n, (user_id, ms) in enumerate(
        [
            (ids[0], now - 2 * WEEK_MS + HOUR_MS),
            (ids[1], now - WEEK_MS),
            (ids[0], now - WEEK_MS + 1),
            (ids[3], now - HOUR_MS + 60_000),
        ]
    ):
        copy = {"author_id": user_id, "said": None, "replies_count": n}
        post_id = first_id_at(ms)
        row = {**document, **copy, "_id": post_id, "root_id": post_id}
        database["posts"].insert_one(row)
    database["posts"].delete_one({"_id": made.id})
    # A minute after noon, so that the last hour is settled.
    object.__setattr__(wiring.services.analysis, "clock", lambda: now + 60_000)
    return wiring.services.analysis


def test_cohorts_say_who_posted_in_which_week(town):
    cohorts = {each.begins_at.isoformat()[:10]: each for each in town.retention()}

    first, last = cohorts["2029-12-17"], cohorts["2029-12-31"]
    assert (first.joined, first.sampled, first.active) == (3, 3, (1, 2, 0))
    assert (last.joined, last.active) == (1, (1,))
    assert first.share(1) == pytest.approx(2 / 3)
    assert cohorts["2029-12-24"].active == (0, 0)
    assert len(cohorts) == 8


def test_hours_are_those_of_the_readers_time_zone(town):
    here, there = town.busy_hours(0), town.busy_hours(13)
    again = town.busy_hours(0)

    assert here.counted == 168
    assert again.counted == 3 * 168
    assert sum(map(sum, again.posts)) == 4
    assert again.posts[2][11:14] == (1, 2, 1)
    assert there.posts[3][:3] == (1, 2, 1)


def test_growth_adds_up(town):
    growth = town.growth()

    assert growth.joined[-3:] == [3, 0, 1]
    assert growth.members[-3:] == [3, 3, 4]
    assert len(growth.weeks) == 26


def test_what_is_over_is_counted_once(town, monkeypatch):
    for look in (town.retention, town.growth, *[lambda: town.busy_hours(0)] * 4):
        look()
    before = town.retention(), town.growth(), town.busy_hours(0)
    asked = []
    for name in ("made_between", "authors_between"):
        found = getattr(town.store, name)
        note = lambda *args, found=found, **more: (  # noqa: E731
            asked.append(args) or found(*args, **more)
        )
        monkeypatch.setattr(town.store, name, note)

    assert (town.retention(), town.growth(), town.busy_hours(0)) == before
    this_week = NOON_MS - 2 * 86_400_000 - 12 * HOUR_MS
    assert {start for _, start, _ in asked} == {this_week}
    assert not any(kind == "posts" for kind, _, _ in asked)


def test_the_page_has_charts_tables_and_csv(at_moderator, at_bob, alice, bob):
    question = alice.say("Tea or cake?")
    bob.say("@alice Cake", in_reply_to_id=question["id"])
    page = at_moderator.get(f"{PLACE}?offset=-3")
    charts = page.with_class("status-chart")

    assert len(charts) == 3
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert page.value("offset") == "-3"
    assert "Tea or cake?" in page.words
    assert "1 reply" in page.words
    rows = {}
    for name in ("activity", "growth", "retention", "hours", "answered"):
        answer = at_moderator._browser.get(f"{PLACE}/{name}.csv")
        assert answer.mimetype == "text/csv"
        rows[name] = list(csv.reader(io.StringIO(answer.text)))
    assert [len(each) for each in rows.values()] == [31, 27, 37, 25, 2]
    assert rows["answered"][1][1:] == ["alice", "1"]  # no formula
    assert int(rows["growth"][-1][1]) == 3
    at_moderator.get(f"{PLACE}?offset=99", 400)
    at_bob.get(PLACE, 404)
