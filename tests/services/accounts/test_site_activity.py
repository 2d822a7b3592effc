"""How much a site is used and how it did, in the parts of a period."""

from __future__ import annotations

import pytest

from kwip.domain.administration.site_activity import Figure, Period
from kwip.domain.clock import at
from kwip.domain.ids import first_id_at
from kwip.services.accounts.administration.site_activity import SiteActivity
from kwip.store.administration.figures import FiguresStore
from kwip.store.administration.hourly_figures import KEPT, HourlyFigureStore

HOUR = 3_600_000
DAY = 24 * HOUR
#: 18:30 on a day, so far ahead that MongoDB does not forget what is stored for it.
NOW = 30_000 * DAY + 37 * HOUR // 2


@pytest.fixture
def activity(kwip):
    return SiteActivity(
        users=kwip.stores.users,
        figures=FiguresStore(kwip.store),
        hours=HourlyFigureStore(kwip.store),
        jobs=kwip.jobs,
        clock=lambda: NOW,
    )


@pytest.fixture
def make(kwip):
    """Return a function that stores something with an id from so long ago."""

    def make(collection, ago_ms):
        kwip.store.database[collection].insert_one(
            {"_id": first_id_at(NOW - ago_ms), "username": str(ago_ms)}
        )

    return make


def test_each_part_of_a_period_has_what_was_made_in_it(activity, make):
    for ago_ms in (1, HOUR, 2 * DAY, 2 * DAY + 1, 29 * DAY, 31 * DAY):
        make("posts", ago_ms)
    make("users", 6 * DAY)
    month, week, day = (activity.read(Period(p)) for p in ("month", "week", "day"))

    assert month.figures[Figure.POSTS] == [1, *[0] * 26, 2, 0, 2]
    assert week.figures[Figure.SIGN_UPS] == [1, *[0] * 6]
    assert day.figures[Figure.POSTS] == [*[0] * 22, 1, 1]
    assert month.starts[-1] == at(30_000 * DAY) == week.starts[-1]
    assert (len(day.starts), day.starts[-1]) == (24, at(NOW - HOUR // 2))


def test_a_day_that_is_over_is_counted_once(activity, make, commands):
    make("posts", 2 * DAY)
    first = activity.read(Period.MONTH).figures[Figure.POSTS]
    for ago_ms in (2 * DAY + 1, 5):
        make("posts", ago_ms)
    before = len(commands)
    again = activity.read(Period.MONTH).figures[Figure.POSTS]

    assert (first[27], again[27]) == (1, 1)
    assert (first[29], again[29]) == (0, 1)
    assert len(commands) - before < 11
    assert activity.read(Period.WEEK).figures[Figure.POSTS] == again[-7:]


def test_people_are_active_who_read_home_within_the_last_days(kwip, activity):
    for number, days in enumerate((0.5, 3, 10, 40)):
        read = {"_id": f"home:{number}", "last_read_at": at(NOW - int(days * DAY))}
        kwip.store.database["timelines"].insert_one(read)

    assert activity.read(Period.DAY).active == {1: 1, 7: 2, 30: 3}


def test_what_processes_counted_is_added_up_for_each_part(activity):
    hours = activity.hours
    today, earlier = at(NOW - HOUR // 2), at(NOW - 5 * HOUR // 2)
    last_week = at(NOW - NOW % DAY - 6 * DAY + HOUR)
    hours.add(today, {"deliveries": 5, "delivered": 1, "lag_ms": 300}, {}, {})
    hours.add(today, {"deliveries": 7, "delivered": 2, "lag_ms": 600}, {}, {})
    hours.add(today, {"lookups": 4, "hits": 3}, {"waiting": 2}, {})
    hours.add(earlier, {"lookups": 12, "hits": 5}, {"waiting": 9}, {"active": 3})
    hours.add(earlier, {}, {"waiting": 1}, {"active": 4, "stored_bytes": 10})
    hours.add(last_week, {}, {"waiting": 0}, {"active": 6, "stored_bytes": 1})

    day, week = activity.read(Period.DAY), activity.read(Period.WEEK)

    def last(report, number):
        return {figure: report.figures[figure][-number] for figure in measured}

    measured = [f for f in Figure if f not in {"sign_ups", "posts", "reports"}]
    assert list(last(day, 1).values()) == [None, 12, 0.3, 0.75, 2, None]
    assert list(last(day, 2).values()) == [None] * 6
    assert list(last(day, 3).values()) == [4, 0, None, 5 / 12, 9, 10]
    assert list(last(week, 1).values()) == [4, 12, 0.3, 0.5, 9, 10]
    assert list(last(week, 7).values()) == [6, 0, None, None, 0, 1]
    assert [week.whole[f] for f in measured] == [6, 12, 0.3, 0.5, 9, 10]
    assert [day.whole[f] for f in measured] == [4, 12, 0.3, 0.5, 9, 10]
    assert week.whole[Figure.POSTS] == 0


def test_an_hour_is_forgotten_after_the_longest_chart(kwip, activity):
    activity.hours.add(at(NOW - NOW % HOUR), {"deliveries": 1}, {}, {})
    stored = kwip.store.database["hourly_figures"].find_one()

    assert stored["expires_at"] - stored["_id"] == KEPT
