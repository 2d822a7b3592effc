"""Mastodon's admin API: what a moderator's tool reads and does, and nobody else."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from kwip.domain.accounts.audit_log import Action, AuditQuery
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.users import ADMIN_READ, ADMIN_WRITE
from tests.wired import form_of

BOTH = frozenset({ADMIN_READ, ADMIN_WRITE})


@pytest.fixture
def mod(people, wiring):
    made = people("mod")
    wiring.services.moderation.set_role(made.user.id, Role.MODERATOR)
    return made


@pytest.fixture
def ask(mod):
    """Return a function that asks with a moderator's token; gives JSON."""
    token = mod.make_token(BOTH)

    def ask(method, path, status=200, person=mod, token=token, **body):
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/api/v1/admin/{path}"
        answer = person.ask(method, path, headers=headers, json=body or None)
        assert answer.status_code == status, answer.text
        return answer.json

    ask.mod = mod
    return ask


@pytest.fixture
def report(alice, bob):
    status = bob.say("Buy my bread!")["id"]
    asked = {"account_id": bob.id, "status_ids": [status], "category": "spam"}
    return alice.post("/api/v1/reports", json=asked).json["id"]


def test_a_report_is_listed_changed_assigned_and_resolved(ask, mod, alice, bob, report):
    place = f"reports/{report}"
    [listed] = ask("GET", "reports")
    shown = ask("GET", place)
    assert listed == shown
    assert shown["account"]["username"] == "alice"
    assert shown["target_account"]["account"]["acct"] == "bob"
    assert [s["content"] for s in shown["statuses"]] == ["<p>Buy my bread!</p>"]
    assert shown["target_account"]["email"] is None

    changed = ask("PUT", place, category="other")
    assigned = ask("POST", f"{place}/assign_to_self")
    unassigned = ask("POST", f"{place}/unassign")
    resolved = ask("POST", f"{place}/resolve")
    again = ask("POST", f"{place}/resolve")
    assert (changed["category"], unassigned["assigned_account"]) == ("other", None)
    assert assigned["assigned_account"]["username"] == "mod"
    assert resolved["action_taken_by_account"]["username"] == "mod"
    assert again == resolved
    assert ask("GET", "reports") == []
    assert [
        r["id"] for r in ask("GET", f"reports?resolved=1&target_account_id={bob.id}")
    ]
    assert ask("POST", f"{place}/reopen")["action_taken"] is False
    ask("PUT", place, 422, rule_ids=["9"])
    ask("GET", "reports/1", 404)


def test_an_account_is_acted_on_with_a_report_and_back(ask, wiring, bob, report):
    place = f"accounts/{bob.id}"
    ask("POST", f"{place}/action", 422, type="none")
    ask("POST", f"{place}/action", 422, type="disable")
    ask("POST", f"{place}/action", type="silence", text="Rule 1")
    assert ask("GET", place)["silenced"] is True
    assert ask("POST", f"{place}/unsilence")["silenced"] is False
    ask("POST", f"{place}/action", type="suspend", report_id=report)
    assert ask("GET", f"reports/{report}")["action_taken"] is True
    assert ask("GET", place)["suspended"] is True
    assert ask("POST", f"{place}/unsuspend")["suspended"] is False
    assert ask("POST", f"{place}/enable") == ask("POST", f"{place}/unsensitive")

    wiring.services.moderation.suspend(bob.user.id)
    assert ask("POST", f"{place}/unsuspend")["suspended"] is False


def test_a_report_about_somebody_else_is_refused_and_nobody_is_acted_on(
    ask, alice, bob, report
):
    for type_ in ("silence", "suspend"):
        act = f"accounts/{alice.id}/action"
        refused = ask("POST", act, 422, type=type_, report_id=report)
        assert refused["details"].keys() == {"report_id"}
    for person in (alice, bob):
        shown = ask("GET", f"accounts/{person.id}")
        assert (shown["silenced"], shown["suspended"]) == (False, False)
    assert ask("GET", f"reports/{report}")["action_taken"] is False


def test_moderators_leave_reports_about_themselves_to_others(ask, mod, alice):
    about_mod = {"account_id": mod.id, "category": "other"}
    place = f"reports/{alice.post('/api/v1/reports', json=about_mod).json['id']}"

    for act in ("resolve", "assign_to_self"):
        assert "about you" in ask("POST", f"{place}/{act}", 403)["error"]
    ask("PUT", place, 403, category="spam")

    assert ask("GET", place)["action_taken"] is False


def test_accounts_are_listed_by_state_and_name_in_pages(ask, mod, wiring, alice, bob):
    wiring.services.moderation.silence(bob.user.id)
    token = mod.make_token(BOTH)

    def names(path):
        headers = {"Authorization": f"Bearer {token}"}
        answer = mod.ask("GET", f"/api/{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return [a["username"] for a in answer.json], answer.headers.get("Link", "")

    everybody, _ = names("v1/admin/accounts")
    assert set(everybody) == {"alice", "bob", "mod"}
    first, link = names("v2/admin/accounts?limit=2")
    older = re.search(r"max_id=(\d+)", link)[1]
    rest, _ = names(f"v2/admin/accounts?max_id={older}")
    assert [*first, *rest] == everybody
    for path in (
        "v1/admin/accounts?silenced=true",
        "v2/admin/accounts?status=silenced",
    ):
        assert names(path)[0] == ["bob"]
    assert names("v2/admin/accounts?username=ali")[0] == ["alice"]
    for path in ("v1/admin/accounts?staff=true", "v2/admin/accounts?permissions=staff"):
        assert names(path)[0] == ["mod"]
    for wanted in ("ip=127.0.0.1", "by_domain=example.org"):
        assert names(f"v1/admin/accounts?{wanted}")[0] == []
    assert names("v1/admin/accounts?remote=true")[0] == []
    assert names("v2/admin/accounts?origin=remote")[0] == []
    # Addresses are for administrators, and who asks is recorded.
    path = "v1/admin/accounts?email=alice%40example.org"
    assert names(path)[0] == []
    wiring.services.moderation.set_role(mod.user.id, Role.ADMINISTRATOR)
    assert names(path)[0] == ["alice"]
    [entry] = wiring.services.audit_log.page(AuditQuery(subject="@alice"))
    assert entry.action is Action.SEE_EMAIL


def test_a_scope_without_the_role_and_a_role_without_the_scope_open_nothing(
    ask, mod, alice, report
):
    tokens = ((alice, alice.make_token(BOTH)), (mod, mod.token))
    for person, token in tokens:
        for method, path in (
            ("GET", "reports"),
            ("POST", f"reports/{report}/resolve"),
            ("POST", f"accounts/{alice.id}/action"),
        ):
            ask(method, path, 403, person, token, type="suspend")
    reads = mod.make_token(frozenset({ADMIN_READ}))
    ask("POST", f"reports/{report}/resolve", 403, mod, reads)

    assert [r["id"] for r in ask("GET", "reports", 200, mod, reads)] == [report]


def test_requests_to_join_are_pending_accounts(ask, wiring):
    applications = wiring.services.applications
    for name in ("dave", "erin"):
        applications.apply(form_of(name), f"I am {name}.")
    listed = ask("GET", "accounts?pending=true")
    assert [a["username"] for a in listed] == ["dave", "erin"]
    dave, erin = listed
    assert (dave["approved"], dave["invite_request"]) == (False, "I am dave.")

    made = ask("POST", f"accounts/{dave['id']}/approve")
    assert (made["id"], made["approved"]) == (dave["id"], True)
    assert ask("POST", f"accounts/{erin['id']}/reject")["username"] == "erin"
    ask("POST", f"accounts/{erin['id']}/reject", 404)

    assert ask("GET", "accounts?pending=true") == []
    assert wiring.stores.users.ids_of(["dave", "erin"]) == {"dave": int(dave["id"])}


def test_figures_are_counted_by_the_day_for_who_may_see_the_dashboard(
    ask, wiring, alice, report
):
    keys = ["new_users", "opened_reports", "resolved_reports", "active_users", "x"]
    alice.say("Rye", language="de")
    read = {"$set": {"last_read_at": dt.datetime.now(dt.UTC)}}
    wiring.store.database["timelines"].update_one({}, read)
    today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    days = {"start_at": today, "end_at": f"{today}T23:00:00Z"}
    ask("POST", f"reports/{report}/resolve")

    new, opened, resolved, active = ask("POST", "measures", keys=keys, **days)

    people = wiring.stores.users.count()
    assert new == {
        "key": "new_users",
        "unit": None,
        "total": str(people),
        "previous_total": "0",
        "data": [{"date": f"{today}T00:00:00.000Z", "value": str(people)}],
    }
    assert [opened["total"], resolved["total"]] == ["1", "1"]
    assert active["total"] == "1"
    assert len(ask("POST", "measures", keys="new_users")[0]["data"]) == 30
    future = {"start_at": "2999-01-01", "end_at": "2999-02-01"}
    assert ask("POST", "measures", keys=keys, **future) == []
    assert ask("POST", "measures", keys=keys, end_at="0001-01-01") == []
    ask("POST", "measures", 422, keys=keys, start_at="soon")
    languages, sources = ask("POST", "dimensions", keys=["languages", "sources"])
    assert {"key": "de", "human_key": "de", "value": "1"} in languages["data"]
    assert sum(int(row["value"]) for row in sources["data"]) == 2
    [cohort] = ask("POST", "retention", frequency="month", **days)
    assert cohort["period"] == f"{today[:7]}-01T00:00:00.000Z"
    [part] = cohort["data"]
    assert (part["value"], part["rate"]) == ("2", pytest.approx(2 / people))
    assert len(ask("POST", "retention", start_at="2026-01-01", end_at=today)) == 12
    assert ask("POST", "retention") == []
    for person, scopes in ((alice, BOTH), (None, frozenset({ADMIN_WRITE}))):
        token = (person or ask.mod).make_token(scopes)
        ask("POST", "measures", 403, person or ask.mod, token, keys=keys)
