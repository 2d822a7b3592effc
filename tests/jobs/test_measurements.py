"""What the sweeper measures besides its sweep."""

from __future__ import annotations

from prometheus_client import REGISTRY

from kwip.domain.clock import at
from kwip.services.maintenance.reports import BACKUP, Reports
from kwip.store.jobs import Job

NOW_MS = 1_700_000_000_000


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels)


def test_queues_dead_letters_and_reports_are_measured(make_worker, mongodb):
    wiring = make_worker()
    reports = Reports(wiring.jobs, lambda: NOW_MS)
    mongodb["posts"].insert_one({"_id": 1, "fanout": {"state": "dead"}})
    wiring.queue.enqueue("fanout", "1")
    reports.store_fsck({"edges": 2})
    wiring.jobs.save(Job.begun(BACKUP, at(NOW_MS - 5_000)))
    wiring.sweeper.measurements.measure()

    assert value("kwip_dead_letters", kind="post") == 1
    assert value("kwip_dead_letters", kind="purge") == 0
    assert value("kwip_queue_jobs", queue="fanout") == 1
    assert value("kwip_queue_oldest_seconds", queue="fanout") >= 0
    assert value("kwip_fsck_findings", check="edges") == 2
    assert value("kwip_fsck_last_run_timestamp_seconds") == NOW_MS / 1_000
    assert value("kwip_backup_last_success_timestamp_seconds") == NOW_MS / 1_000 - 5


def test_a_later_run_of_fsck_ends_its_findings(make_worker, clock):
    wiring = make_worker()
    measurements, reports = wiring.sweeper.measurements, Reports(wiring.jobs, clock)
    reports.store_fsck({"edges": 2})
    measurements.measure()
    reports.store_fsck({"pins": 1})
    measurements._next_s = 0.0
    measurements.measure()

    assert value("kwip_fsck_findings", check="edges") == 0
    assert value("kwip_fsck_findings", check="pins") == 1
