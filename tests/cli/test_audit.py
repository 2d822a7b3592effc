"""The audit log: each act of an operator leaves one entry, and none without it."""

from __future__ import annotations

import os
import pwd

import pytest

from config.settings import PROJECT
from kwip.blueprints import web
from kwip.domain.errors import StoreUnavailableError
from kwip.store.accounts.audit_log import AuditLogStore
from tests.pictures import plain

NEW = "another horse"
ACTS = {
    "suspend_user": (("users", "suspend", "bob"), ""),
    "unsuspend_user": (("users", "unsuspend", "bob"), ""),
    "silence_user": (("users", "silence", "bob"), ""),
    "unsilence_user": (("users", "unsilence", "bob"), ""),
    "set_role": (("users", "modify", "bob", "--role", "moderator"), ""),
    "set_password": (("users", "password", "bob"), f"{NEW}\n"),
    "create_token": (("users", "token", "bob"), ""),
    "delete_user": (("users", "delete", "bob", "--yes"), ""),
}
#: What somebody must be before that can end.
BEFORE = {"unsuspend_user": "suspend_user", "unsilence_user": "silence_user"}


@pytest.fixture
def bob(kwip):
    """Return the id of a user."""
    created = ("users", "create", "bob", "--email", "bob@example.org")
    return kwip(*created, "--password", "correct horse", "--json").json["id"]


def test_each_act_says_who_did_what_to_whom_and_why(kwip, wiring, bob):
    printed = ""
    for action, (command, stdin) in ACTS.items():
        run = kwip(*command, "--reason", f" Because\n{action} ", stdin=stdin)
        assert run.code == 0, run.err
        printed += run.out
    entries = kwip("audit", "list", "--user", "@Bob", "--json").json["entries"]
    kwip("users", "create", "bobby", "--email", "b@example.org", stdin=f"{NEW}\n")
    kwip("users", "suspend", "bobby")

    me = {"kind": "command line", "name": pwd.getpwuid(os.getuid()).pw_name}
    shown = [(each["action"], each["reason"]) for each in reversed(entries)]
    done = []
    for action in ACTS:
        lifted = ["lift_strike"] if action in BEFORE else []
        done += [(each, f"Because {action}") for each in (*lifted, action)]
    # The first step of a deletion is a suspension.
    done.insert(-1, ("suspend_user", "Because delete_user"))
    assert shown == done
    assert all(each["actor"] == me and each["subject"] == "@bob" for each in entries)
    assert {each["details"].pop("user_id") for each in entries} == {bob}
    details = [e["details"] for e in entries if e["action"] != "lift_strike"]
    assert [each for each in details if each] == [
        {"scopes": "read,write"},
        {"ends_tokens": False},
        {"role": "moderator"},
    ]
    [token] = [word for word in printed.split() if word.startswith(f"{bob}.")]
    stored = str(list(wiring.store.database["audit_log"].find()))
    assert not [secret for secret in (token, NEW) if secret in stored]
    everyone = kwip("audit", "list").out.splitlines()
    assert " suspend user    @bobby " in everyone[0]
    assert everyone[-1] == "12 entries"
    assert len(kwip("audit", "list", "--limit", "2").out.splitlines()) == 3


@pytest.mark.parametrize("action", ACTS)
def test_what_cannot_be_recorded_is_not_done(kwip, wiring, bob, monkeypatch, action):
    def full(*_):
        raise StoreUnavailableError(reason="a test")

    command, stdin = ACTS[action]
    if action in BEFORE:
        assert kwip(*ACTS[BEFORE[action]][0]).code == 0
    monkeypatch.setattr(AuditLogStore, "append", full)
    database = wiring.store.database
    names = ("users", "credentials", "tokens", "jobs", "sessions")
    before = [list(database[name].find()) for name in names]
    run = kwip(*command, stdin=stdin)

    assert (run.code, run.out) == (2, "")
    assert [list(database[name].find()) for name in names] == before


def test_acts_on_emoji_and_files_are_recorded_before_they_happen(
    kwip, wiring, monkeypatch, tmp_path
):
    picture = tmp_path / "tea.png"
    picture.write_bytes(plain(size=(20, 20)))
    why = ("--reason", "Tidy up")
    acts = {
        "add_emoji": ("emoji", "add", "tea", str(picture)),
        "remove_emoji": ("emoji", "remove", "tea"),
        "prune_media": ("media", "prune", "--force"),
    }
    for act in acts.values():
        assert kwip(*act, *why).code == 0
    assert kwip("media", "prune", "--force", "--dry-run").code == 0
    entries = kwip("audit", "list", "--json").json["entries"]

    shown = [(e["action"], e["subject"], e["reason"]) for e in reversed(entries)]
    subjects = (":tea:", ":tea:", "media")
    assert shown == [
        (action, subject, why[1])
        for action, subject in zip(acts, subjects, strict=True)
    ]

    def full(*_):
        raise StoreUnavailableError(reason="a test")

    monkeypatch.setattr(AuditLogStore, "append", full)
    assert kwip(*acts["add_emoji"]).code == 2
    assert not list(wiring.services.emojis.stored())


def test_a_reason_that_is_too_long_is_refused_before_anything_is_done(
    kwip, wiring, bob
):
    run = kwip("users", "suspend", "bob", "--reason", "x" * 501)

    assert run.code == 2
    assert "That reason can't be used. reason: " in run.err
    assert not wiring.stores.users.get_many([int(bob)])[int(bob)].is_suspended
    assert kwip("audit", "list").out == "0 entries\n"


def test_no_code_changes_or_deletes_an_entry():
    naming = {
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "kwip").rglob("*.py")
        if '["audit_log"]' in path.read_text(encoding="utf-8")
    }
    methods = {name for name in vars(AuditLogStore) if not name.startswith("_")}
    used = AuditLogStore.append.__wrapped__.__code__.co_names
    used += AuditLogStore.page.__wrapped__.__code__.co_names

    rules = {row for row in web.ROUTES if row.rule.startswith("/admin/audit")}

    assert {row.method for row in rules} == {"GET"}
    assert naming == {"kwip/store/accounts/audit_log.py"}
    assert methods == {"append", "page"}
    assert not [name for name in used if name.startswith(("update", "delete", "repl"))]
