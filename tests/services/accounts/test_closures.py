"""Accounts that their owners close: hidden at once, deleted later, or opened again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from kwip.domain.accounts.audit_log import AuditQuery
from kwip.domain.accounts.closures import GRACE, REMINDER
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.two_factor import Proof
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import ConflictError, InvalidError, NotAuthenticatedError
from kwip.domain.posting.posts import Draft
from kwip.services.accounts.sign_in import Applicant
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.services.media.stored.withholding import Withholding
from kwip.store.maintenance.audit import AuditStore
from tests.wired import Silence, form_of, sign_up

PASSWORD = form_of("alice").password
HERE = Applicant(address="192.0.2.1", agent="a browser")


@pytest.fixture
def close(kwip):
    """Return a function that closes an account, so long ago."""

    def close(viewer, ago=timedelta()):
        kwip.services.closing.close(viewer, Proof(password=PASSWORD))
        moved = {
            name: {"$subtract": [f"${name}", round(ago.total_seconds() * 1_000)]}
            for name in ("closed_at", "delete_at", "due_at")
        }
        kwip.store.database["closures"].update_many({}, [{"$set": moved}])

    return close


def log_in(kwip, name="alice"):
    return kwip.services.sign_in.sign_in(name, PASSWORD, HERE).credential


def is_shown(kwip, user):
    return not kwip.stores.users.get_many([user.id])[user.id].is_suspended


def kinds(kwip):
    return sorted(mail["kind"] for mail in kwip.store.database["mails"].find())


def test_a_closed_account_is_hidden_until_its_owner_logs_in(kwip, close, alice, rings):
    post = kwip.services.posts.publish(alice.id, Draft(text="Rye"))
    before = log_in(kwip)
    with pytest.raises(InvalidError):
        kwip.services.closing.close(alice, Proof(password="wrong password"))
    assert is_shown(kwip, alice)

    close(alice)

    assert not is_shown(kwip, alice)
    entries, loader = (
        kwip.stores.posts.entries([post.id]),
        kwip.services.loaders.begin(),
    )
    assert kwip.services.hydration.posts(None, loader, entries) == {}
    assert kwip.services.authentication.confirm(before) is None
    with pytest.raises(NotAuthenticatedError):
        kwip.services.sign_in.sign_in("alice", "wrong password", HERE)
    assert not is_shown(kwip, alice)

    assert kwip.services.authentication.confirm(log_in(kwip)).id == alice.id
    assert is_shown(kwip, alice)
    assert kwip.store.database["closures"].count_documents({}) == 0
    assert "account_closed" in kinds(kwip)
    log = kwip.services.audit_log.page(AuditQuery(subject="@alice"))
    assert [(e.action, e.actor.kind) for e in log] == [
        ("reopen_account", "user"),
        ("close_account", "user"),
    ]


def test_a_reminder_comes_once_and_then_the_account_goes_but_not_its_name(
    kwip, close, alice, rings
):
    close(alice, GRACE - REMINDER)
    for _ in "twice":
        kwip.sweeper.sweep()
        kwip.services.closure_ends.settle(alice.id)
    assert kinds(kwip).count("closure_reminder") == 1
    past = {"$set": {"delete_at": kwip.stores.closures.find(alice.id).closed_at}}
    kwip.store.database["closures"].update_one({}, past)
    kwip.store.database["closures"].update_one({}, [{"$set": {"due_at": "$delete_at"}}])

    kwip.sweeper.sweep()
    rings.run()

    database = kwip.store.database
    assert database["users"].count_documents({"_id": alice.id}) == 0
    assert database["closures"].count_documents({}) == 0
    with pytest.raises(InvalidError):
        kwip.services.users.sign_up(form_of("alice"))
    with pytest.raises(NotAuthenticatedError):
        log_in(kwip)


def test_of_the_return_and_the_deletion_exactly_one_happens(kwip, close, rings):
    for number in range(6):
        name = f"alice{number}"
        alice = sign_up(kwip, name)
        close(alice, GRACE)
        with ThreadPoolExecutor(2) as pool:
            end = pool.submit(kwip.services.closure_ends.settle, alice.id)
            back = pool.submit(log_in, kwip, name)
            is_deleted = end.result() == "deleted"
            is_back = back.exception() is None
        assert is_deleted != is_back
        found = kwip.stores.users.get_many([alice.id])
        assert bool(found) == is_back
        assert not is_back or is_shown(kwip, alice)


def test_whoever_comes_back_stays_suspended_if_staff_says_so(
    kwip, close, alice, monkeypatch
):
    moderation = kwip.services.moderation
    restored = []
    monkeypatch.setattr(
        Withholding, "restore", lambda _, user_id: restored.append(user_id)
    )
    close(alice)
    moderation.suspend(alice.id)
    moderation.unsuspend(alice.id)
    assert not is_shown(kwip, alice)  # still closed
    moderation.suspend(alice.id)

    with pytest.raises(NotAuthenticatedError):
        log_in(kwip)

    assert restored == []
    assert not is_shown(kwip, alice)
    # Whoever logs in has come back, so only the suspension is left.
    moderation.unsuspend(alice.id)
    assert is_shown(kwip, alice)


def test_the_only_owner_of_a_site_cannot_close_the_account(kwip, alice):
    kwip.services.moderation.set_role(alice.id, Role.OWNER)

    with pytest.raises(ConflictError):
        kwip.services.closing.close(alice, Proof(password=PASSWORD))

    assert is_shown(kwip, alice)
    assert kwip.store.database["closures"].count_documents({}) == 0


def test_whoever_forgot_the_password_can_still_come_back(kwip, close, alice, rings):
    close(alice)
    kwip.services.password_reset.request("alice@example.org", None)

    rings.run()

    found = kwip.store.database["mails"].find_one({"kind": "password_reset"})
    mails = kwip.services.mails
    link = mails.link_of(mails.store.find(found["_id"]))
    kwip.services.password_reset.complete(link, "another good password")
    kwip.services.sign_in.sign_in("alice", "another good password", HERE)
    assert is_shown(kwip, alice)


def test_fsck_finds_a_closed_account_that_is_not_hidden(kwip, close, alice):
    close(alice)
    users = kwip.store.database["users"]
    users.update_one({"_id": alice.id}, {"$set": {"is_suspended": False}})

    found = Fsck(AuditStore(kwip.store), system_clock_ms).run(Silence()).findings

    assert [(each.check, each.id) for each in found] == [
        ("closures", f"user:{alice.id}")
    ]
