"""A person's archive by year, month and day, and their statistics."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from kwip.domain.clock import to_ms
from kwip.domain.ids import first_id_at
from kwip.store.delivery.outbox import pending
from kwip.store.posting import statistics
from tests.store.stores import post

#: The last moment of a year, and the first of the next one.
LAST = dt.datetime(2023, 12, 31, 23, 59, 59, 999_000, dt.UTC)
FIRST = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def write(wiring, alice):
    """Return a function that stores a kwip of alice with its date."""

    def store(at, text, **fields):
        made = post(0, alice.user.id, **fields)
        post_id = first_id_at(to_ms(at))
        dated = replace(made, id=post_id, root_id=post_id, text=text, created_at=at)
        done = {**pending(at, at), "state": "done", "mode": "push"}
        wiring.services.posts.stores.posts.insert(dated, text, done)
        return post_id

    return store


@pytest.fixture
def years(write):
    """Let alice write at the turn of a year, and in June, also to her followers."""
    write(LAST, "Old year")
    write(FIRST, "New year")
    write(dt.datetime(2024, 6, 5, 14, tzinfo=dt.UTC), "In June", source="import")
    write(dt.datetime(2024, 6, 6, tzinfo=dt.UTC), "Secret", visibility="followers")


def bars(page):
    [rows] = page.with_class("bars")
    return [li.words for li in page.all("li") if rows in li.inside]


def near(page):
    [places] = page.with_class("archive-places")
    return [a["href"] for a in page.all("a") if places in a.inside]


def source(page):
    return page.with_class("post-source")[0].words


def test_a_period_has_what_was_published_in_it_in_utc(anybody, years):
    year = anybody.get("/@alice/2024")

    assert year.texts == ["In June", "New year"]
    assert bars(year)[:2] == ["January 1", "February 0"]
    assert "2 kwips" in year.words
    assert near(year) == ["/@alice/2023", "/@alice/2025"]
    month = anybody.get("/@alice/2024/06")
    assert (month.texts, bars(month)) == (["In June"], ["5 Jun 1"])
    assert near(month)[0] == "/@alice/2024/01"
    day = anybody.get("/@alice/2023/12/31")
    assert day.texts == ["Old year"]
    assert near(day) == ["/@alice/2024"]


def test_an_archive_counts_and_shows_what_its_reader_may_see(
    anybody, at_alice, at_bob, bob, alice, years
):
    assert anybody.get("/@alice/2024/06/06").texts == []
    bob.post(f"/api/v1/accounts/{alice.id}/follow")

    for visitor in (at_alice, at_bob):
        month = visitor.get("/@alice/2024/06")

        assert month.texts == ["Secret", "In June"]
        assert bars(month) == ["5 Jun 1", "6 Jun 1"]
    alice.post(f"/api/v1/accounts/{bob.id}/block")
    month = at_bob.get("/@alice/2024/06")
    assert (month.texts, month.with_class("bars")) == ([], [])


def test_the_first_year_is_that_of_what_its_reader_may_see(anybody, at_alice, write):
    write(dt.datetime(2019, 5, 5, tzinfo=dt.UTC), "Diary", visibility="direct")
    write(FIRST, "New year")

    assert near(anybody.get("/@alice/2024")) == ["/@alice/2025"]
    anybody.get("/@alice/2019", 404)
    assert at_alice.get("/@alice/2019").texts == ["Diary"]


@pytest.mark.parametrize(
    "path", ["/1999", "/2999", "/2024/13", "/2024/00", "/2023/02/29", "/2024/6"]
)
def test_a_period_that_nothing_can_be_in_is_not_there(anybody, years, path):
    anybody.get(f"/@alice{path}", 404)


def test_a_long_period_has_pages_that_stay_within_it(anybody, write):
    for hour in range(22):
        write(FIRST + dt.timedelta(hours=hour), f"At {hour}")
    write(LAST, "Before")
    write(FIRST + dt.timedelta(days=1), "After")

    newest = anybody.get("/@alice/2024/01/01")
    assert newest.texts == [f"At {hour}" for hour in range(21, 1, -1)]
    older = anybody.get(newest.one("a", rel="next")["href"])
    assert older.texts == ["At 1", "At 0"]
    newer = older.one("a", rel="prev")["href"].partition("#")[0]
    assert anybody.get(newer).texts == newest.texts


def test_statistics_count_what_everybody_may_see(anybody, alice, bob, at_alice):
    first = alice.say("One")["id"]
    alice.say("Two", visibility="private")
    bob.post(f"/api/v1/statuses/{first}/favourite")
    bob.say("Yes", in_reply_to_id=first)
    bob.post(f"/api/v1/statuses/{first}/reblog")

    for visitor in (anybody, at_alice):
        page = visitor.get("/@alice/stats")

        [counts, *_] = page.with_class("counts")
        assert counts.words == (
            "1 kwip 1 favourite received 1 repost received 1 reply received"
        )
        assert bars(page) == ["API 1"]
    anybody.get("/@nobody/stats", 404)


def test_a_new_kwip_and_a_deleted_one_are_counted_at_once(at_alice, alice):
    def total():
        return at_alice.get("/@alice/stats").with_class("counts")[0].words.split()[0]

    assert total() == "0"
    made = alice.say("One")["id"]
    assert total() == "1"
    alice.ask("DELETE", f"/api/v1/statuses/{made}")
    assert total() == "0"


def test_a_count_looks_at_the_newest_kwips_only(anybody, years, wiring, monkeypatch):
    monkeypatch.setattr(statistics, "MAX_EXAMINED", 2)
    monkeypatch.setattr("kwip.domain.accounts.statistics.MAX_EXAMINED", 2)

    page = anybody.get("/@alice/2024")
    assert "Only the latest 10,000 kwips are counted." in page.words
    assert bars(page)[5] == "June 1"


def test_a_suspended_account_has_neither(anybody, alice, years, wiring):
    wiring.services.moderation.suspend(alice.user.id)

    anybody.get("/@alice/2024", 410)
    anybody.get("/@alice/stats", 410)


def test_a_kwip_says_where_it_was_posted_from(anybody, at_alice, alice, write):
    written = write(LAST, "Old", source="import")
    at_alice.send("/compose", text="Here", key="k")

    assert (
        "Import" in anybody.get(f"/@alice/{written}").with_class("post-source")[0].words
    )
    newest = alice.get(f"/api/v1/accounts/{alice.id}/statuses").json[0]["id"]
    assert "Web" in source(anybody.get(f"/@alice/{newest}"))
