"""A whole site keeps its promises while its cache fails; `make faults` has all faults.

Real web processes and a worker, and people who write, read, block and unfollow through
HTTP. The checks must find something when the fence is taken out of those processes.
"""

from __future__ import annotations

import pytest

from tests.cache.history import Operation
from tests.faults.records import Records, Sight, Span
from tests.faults.trial import Place, hold


@pytest.fixture
def place(settings, endpoints, mongodb, private_valkey, tmp_path):
    return Place(settings, endpoints, mongodb, private_valkey(), tmp_path)


def test_nothing_is_stale_forbidden_missing_or_twice(place):
    outcome = hold(place, ("lose requests", "kill"), 3.5)

    assert not outcome.violations, outcome.found
    assert outcome.proof["requests lost"] > 0
    assert outcome.proof["restarts"] > 0
    assert outcome.proof["epochs"] > 0, "no drop had failed"
    assert outcome.sizes["checks"] > 100


@pytest.mark.long
def test_the_checks_find_the_fence_taken_out(place):
    outcome = hold(place, ("lose requests",), 6, without="the fence")

    assert outcome.proof["requests lost"] > 0
    assert {"stale", "forbidden"} & outcome.violations.keys()


def test_a_blocked_reader_who_sees_something_is_found():
    records = Records()
    records.apart["reader", "author"].append(Span(10, 20))
    for began, ended in ((5, 12), (12, 15), (15, 25)):
        records.sights.append(Sight("reader", began, ended, ((1, "author"),)))

    # Only the second lies wholly within the time of the block.
    assert len(records.found()["forbidden"]) == records.sights_while_apart() == 1


def test_a_deleted_post_that_is_seen_later_is_found():
    records = Records(deleted={1: 10})
    records.sights += [
        Sight("reader", began, began + 1, ((1, "author"),)) for began in (9, 11)
    ]

    assert len(records.found()["forbidden"]) == 1


def test_a_write_without_an_answer_may_have_happened_or_not():
    records = Records()
    records.operations.append(Operation("x", True, 5, 2**63, 1))  # noqa: FBT003
    for number in (0, 1):
        records.operations.append(Operation("x", False, 7, 8, number))  # noqa: FBT003

    assert not records.found()["stale"]


def test_a_site_that_refuses_most_requests_is_found():
    records = Records(own_reads=40, busy=4)

    assert not records.found()["refused"]
    records.busy = 5
    assert records.found()["refused"] == ["5 requests"]
