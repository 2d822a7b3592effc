"""`kwip queue`: what waits for workers; the rest is `kwip fanout`'s."""

from __future__ import annotations

from tests.cli.test_fanout import alice, waiting

__all__ = ["alice", "waiting"]


def test_stats_of_empty_queues_are_zeros(kwip):
    run = kwip("queue", "stats", "--json")

    assert run.code == 0
    assert run.json["queues"] == {
        "fanout": {"waiting": 0, "oldest_s": 0.0},
        "compaction": {"waiting": 0, "oldest_s": 0.0},
        "media": {"waiting": 0, "oldest_s": 0.0},
        "links": {"waiting": 0, "oldest_s": 0.0},
        "mail": {"waiting": 0, "oldest_s": 0.0},
        "push": {"waiting": 0, "oldest_s": 0.0},
        "transfers": {"waiting": 0, "oldest_s": 0.0},
    }
    assert run.json["pending"] == run.json["dead"] == run.json["edges_waiting"] == 0
    assert run.json["mails_waiting"] == run.json["mails_dead"] == 0


def test_stats_count_bells_and_the_work_behind_them(kwip, wiring, waiting):
    wiring.queue.enqueue("fanout", str(waiting))
    found = kwip("queue", "stats", "--json").json

    assert (found["queues"]["fanout"]["waiting"], found["pending"]) == (1, 1)
    assert 0 <= found["queues"]["fanout"]["oldest_s"] < 60


def test_stats_say_that_a_queue_does_not_answer(kwip, waiting, environ, tmp_path):
    environ["KWIP_REDIS_QUEUE_URI"] = f"unix://{tmp_path}/nothing"
    run = kwip("queue", "stats", "--json")

    assert run.code == 0
    lanes = ("fanout", "compaction", "media", "links", "mail", "push", "transfers")
    assert run.json["queues"] == dict.fromkeys(lanes)
    assert run.json["pending"] == 1
    assert "is not responding" in kwip("queue", "stats").out


def test_a_person_can_read_how_many_jobs_wait(kwip, wiring, waiting):
    wiring.queue.enqueue("fanout", str(waiting))
    lines = kwip("queue", "stats").out.splitlines()

    assert "compaction: 0 jobs waiting" in lines
    assert any(
        line.startswith("fanout: 1 job waiting, the oldest for ") for line in lines
    )
