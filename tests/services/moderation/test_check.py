"""What `kwip fsck` finds about reports and strikes."""

from __future__ import annotations

from datetime import timedelta

from kwip.domain.clock import to_ms
from kwip.domain.moderation.strikes import Act, Decision
from kwip.services.maintenance.checks.moderation_check import check_moderation
from kwip.store.maintenance.deletion import DeletionStore
from kwip.store.maintenance.moderation_audit import ModerationAuditStore


def test_what_is_about_nobody_and_what_waits_too_long_is_found(
    kwip, mod, order, bob, report
):
    asked = Decision(act=Act.SILENCE)
    strike = kwip.services.decisions.act(mod, order(), report.id, asked)
    audit, database = ModerationAuditStore(kwip.store), kwip.store.database

    def found(minutes):
        now = to_ms(strike.created_at + timedelta(minutes=minutes))
        return [each.id for each in check_moderation(audit, lambda: now, 1)]

    assert found(60) == []
    waiting = {"$set": {"state": "pending", "due_at": strike.created_at}}
    database["strikes"].update_one({"_id": strike.id}, waiting)
    database["users"].delete_one({"_id": bob.id})

    both = [f"reports {report.id}", f"strikes {strike.id}"]
    assert found(4) == both
    assert found(6) == [f"strikes {strike.id}", *both]


def test_a_deleted_account_leaves_its_reports_nameless_and_takes_others_along(
    kwip, mod, order, alice, bob, report
):
    database, deletion = kwip.store.database, DeletionStore(kwip.store)
    asked = Decision(act=Act.WARN, text="Read rule 1.", resolves=False)
    kwip.services.decisions.act(mod, order(), report.id, asked)

    deletion.forget(alice.id)
    detail = kwip.services.queue.detail(alice, report.id)
    assert (detail.view.report.reporter_id, detail.view.reporter) == (0, None)
    assert str(alice.id) not in str(database["reports"].find_one())

    deletion.forget(bob.id)
    left = [database[name].count_documents({}) for name in ("reports", "strikes")]
    assert left == [0, 0]
