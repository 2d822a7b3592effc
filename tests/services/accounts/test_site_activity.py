"""How much a site is used, counted by the time in the ids."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.site_activity import Period
from kwip.domain.clock import at
from kwip.domain.ids import first_id_at
from kwip.services.accounts.staff.site_activity import SiteActivity

HOUR = 3_600_000
DAY = 24 * HOUR
#: 18:30 on a day.
NOW = 20_000 * DAY + 37 * HOUR // 2


@pytest.fixture
def activity(kwip):
    return SiteActivity(
        store=kwip.store, users=kwip.stores.users, jobs=kwip.jobs, clock=lambda: NOW
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

    assert month.posts == [1, *[0] * 26, 2, 0, 2]
    assert week.sign_ups == [1, *[0] * 6]
    assert day.posts == [*[0] * 22, 1, 1]
    assert month.starts[-1] == at(20_000 * DAY) == week.starts[-1]
    assert (len(day.starts), day.starts[-1]) == (24, at(NOW - HOUR // 2))


def test_a_day_that_is_over_is_counted_once(activity, make, commands):
    make("posts", 2 * DAY)
    first = activity.read(Period.MONTH)
    for ago_ms in (2 * DAY + 1, 5):
        make("posts", ago_ms)
    before = len(commands)
    again = activity.read(Period.MONTH)

    assert (first.posts[27], again.posts[27]) == (1, 1)
    assert (first.posts[29], again.posts[29]) == (0, 1)
    assert len(commands) - before < 10
    assert activity.read(Period.WEEK).posts == again.posts[-7:]


def test_people_are_active_who_read_home_within_the_last_days(kwip, activity):
    for number, days in enumerate((0.5, 3, 10, 40)):
        read = {"_id": f"home:{number}", "last_read_at": at(NOW - int(days * DAY))}
        kwip.store.database["timelines"].insert_one(read)

    assert activity.read(Period.DAY).active == {1: 1, 7: 2, 30: 3}
