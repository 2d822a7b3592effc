"""What operators see of devices, and how a mail server hands over reports."""

from __future__ import annotations

from kwip.domain.clock import at
from kwip.domain.push import PushSubscription, PushTarget


def test_stats_count_devices_and_name_those_that_fail_by_their_hosts(kwip, wiring):
    assert kwip("push", "stats", "--json").json == {"devices": 0, "failing": []}
    store, now = wiring.services.push_subscriptions.store, at(1_800_000_000_000)
    for user_id in (1, 2):
        target = PushTarget(
            endpoint=f"https://push.example.net/secret{user_id}",
            p256dh="",
            auth="",
            is_standard=True,
        )
        store.save(
            PushSubscription(
                user_id=user_id, digest="0", holder="session", target=target, above=0
            ),
            now,
            now,
        )
    store.begin("1:0", "a worker", now, now)
    store.failed("1:0", "a worker", now, now, "503")

    run = kwip("push", "stats")
    assert run.out == "2 devices, 1 failing\n   1 1 push.example.net 503\n"
    [failing] = kwip("push", "stats", "--json").json["failing"]
    assert failing["failing_since"] == now.isoformat()


def test_a_report_comes_from_stdin(kwip):
    run = kwip("mail", "bounce", "--to", "x@example.org", stdin="To: y\n\nHello")

    assert (run.code, run.err) == (0, "")
    assert run.out == "This was not sent to an address that Kwip has used.\n"
    assert kwip("mail", "bounce", "--json").json == {"outcome": "unsigned"}
