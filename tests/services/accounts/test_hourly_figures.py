"""What processes add to the figures of each hour."""

from __future__ import annotations

import pytest

from kwip import telemetry
from kwip.domain.clock import at
from kwip.domain.errors import StoreUnavailableError
from kwip.domain.ids import AttachmentId, UserId
from kwip.services.accounts.administration import hourly_figures
from kwip.services.accounts.administration.hourly_figures import HourlyCounting
from kwip.store.administration.figures import FiguresStore
from kwip.store.administration.hourly_figures import HourlyFigureStore

HOUR_MS = 3_600_000
#: So far ahead that MongoDB does not forget what is stored for it.
NOW_MS = 700_000 * HOUR_MS + 1


class Clock:
    now_ms = NOW_MS

    def __call__(self):
        return self.now_ms


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def counting(kwip, clock):
    return HourlyCounting(
        HourlyFigureStore(kwip.store), FiguresStore(kwip.store), clock
    )


@pytest.fixture
def hours(mongodb):
    """Return a function that reads all hours."""
    hidden = {"_id": 0, "schema": 0, "expires_at": 0}
    return lambda: list(mongodb["hourly_figures"].find({}, hidden).sort("_id"))


def count(deliveries, hits, misses):
    telemetry.DELIVERIES.inc(deliveries)
    telemetry.FANOUT_LAG.observe(0.25)
    telemetry.CACHE_REQUESTS.labels("user", "hit").inc(hits)
    telemetry.CACHE_REQUESTS.labels("user", "miss").inc(misses)


def test_growth_is_added_to_the_hour_once(counting, clock, hours, commands):
    count(3, 2, 1)
    counting.save()
    counting.save()
    first = {"deliveries": 3, "delivered": 1, "lag_ms": 250, "hits": 2, "lookups": 3}
    assert hours() == [first]
    assert commands.names == ["update"]

    clock.now_ms += HOUR_MS
    count(4, 0, 1)
    counting.save()
    second = {"deliveries": 4, "delivered": 1, "lag_ms": 250, "lookups": 1}
    assert hours() == [first, second]


def test_who_knows_the_queues_looks_at_the_site_once_an_hour(
    counting, clock, hours, mongodb, commands
):
    mongodb["timelines"].insert_one({"_id": "home:1", "last_read_at": at(NOW_MS - 9)})
    mongodb["attachments"].insert_one(
        {"_id": AttachmentId(1), "owner_id": UserId(1), "size_bytes": 10**9}
    )
    for waiting in (4, 9, 1):
        counting.note_waiting(waiting)
    counting.save()
    [found] = hours()
    assert (found["waiting"], found["active"]) == (9, 1)
    assert found["stored_bytes"] > 10**9

    mongodb["timelines"].delete_many({})
    counting.note_waiting(10)
    counting.save()
    before = len(commands)
    for waiting in (10, 0):
        counting.note_waiting(waiting)
        counting.save()
    assert len(commands) == before
    assert hours() == [found | {"waiting": 10}]

    clock.now_ms += HOUR_MS
    counting.note_waiting(0)
    counting.save()
    assert (hours()[1]["waiting"], hours()[1]["active"]) == (0, 0)


def test_nothing_is_lost_while_mongodb_is_away_or_when_a_process_ends(
    counting, hours, monkeypatch
):
    def away(*_):
        raise StoreUnavailableError

    with monkeypatch.context() as patched:
        patched.setattr(counting._hours, "add", away)
        count(3, 0, 0)
        counting.note_waiting(2)
        monkeypatch.setattr(counting, "_look", dict)
        with pytest.raises(StoreUnavailableError):
            counting.save()
    counting.save()
    assert hours() == [{"deliveries": 3, "delivered": 1, "lag_ms": 250, "waiting": 2}]

    counting.start()
    count(1, 0, 0)
    counting.stop()
    assert hours()[0]["deliveries"] == 4

    # It ends while its loop is storing: nothing is added twice.
    monkeypatch.setattr(hourly_figures, "_GOODBYE_S", 0.0)
    count(1, 0, 0)
    with counting._storing:
        counting._leave()
    assert hours()[0]["deliveries"] == 4
