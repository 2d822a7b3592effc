"""Suspend, appoint, set a password: what an operator does to an account."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product

import pytest

from kwip.domain.accounts.audit_log import Action, Actor, AuditQuery, Order
from kwip.domain.accounts.roles import Permission, Role
from kwip.domain.accounts.users import READ
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
)
from kwip.domain.ids import UserId
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import PageRequest
from kwip.services.accounts.authentication import Credential
from kwip.services.accounts.staff.moderation import deletion_of
from kwip.services.maintenance.checkpoint import Checkpoint

PASSWORD, NEW_PASSWORD = "correct horse", "another horse"


@pytest.fixture
def moderation(kwip):
    return kwip.services.moderation


def opens(kwip, credential):
    """Tell for a read and a write whether a credential opens it."""
    access = kwip.services.authentication
    read = access.open(credential, kwip.services.loaders.begin())
    return read is not None, access.confirm(credential) is not None


def token_of(kwip, viewer):
    _, text = kwip.services.authentication.create_token(
        viewer, "app", frozenset({READ})
    )
    return Credential.parse("token", text)


@pytest.mark.parametrize("make", ["session", "token"])
def test_nobody_who_is_suspended_is_let_in(kwip, moderation, bob, make):
    if make == "session":
        credential = kwip.services.authentication.begin_session(bob.id, "bob", "x")
    else:
        credential = token_of(kwip, bob)
    assert opens(kwip, credential) == (True, True)

    moderation.suspend(bob.id)
    assert opens(kwip, credential) == (False, False)
    moderation.unsuspend(bob.id)

    assert opens(kwip, credential) == (True, True)


def test_a_suspension_costs_the_recognition_of_a_viewer_nothing(
    kwip, commands, bob, moderation
):
    credential = kwip.services.authentication.begin_session(bob.id, "bob", "x")
    moderation.suspend(bob.id)
    opens(kwip, credential)
    before = len(commands), kwip.cache.round_trips
    opens(kwip, credential)

    assert (len(commands) - before[0], kwip.cache.round_trips - before[1]) == (1, 1)


def test_who_reacted_to_a_post_of_a_suspended_user_is_not_told(
    kwip, moderation, alice, bob
):
    post = kwip.services.posts.publish(bob.id, Draft(text="Hello"))
    kwip.services.reactions.favourite(alice, post.id)
    repost = kwip.services.reposts.repost(alice, post.id)
    moderation.suspend(bob.id)

    for post_id in (post.id, repost.post.id):
        with pytest.raises(NotFoundError):
            kwip.services.people.reacted(
                alice,
                kwip.services.loaders.begin(),
                post_id,
                "favourited_by",
                PageRequest(),
            )


def test_the_history_of_a_post_of_a_suspended_user_is_not_told(
    kwip, moderation, alice, bob
):
    post = kwip.services.posts.publish(bob.id, Draft(text="Hello"))
    moderation.suspend(bob.id)

    with pytest.raises(NotFoundError):
        kwip.services.posts.history(alice, kwip.services.loaders.begin(), post.id)


def test_a_deletion_that_has_begun_is_not_taken_back(kwip, moderation, bob):
    moderation.suspend(bob.id)
    Checkpoint(kwip.jobs, deletion_of(bob.id), kwip.sweeper.clock).save(cursor=0)

    with pytest.raises(ConflictError, match="kwip users delete"):
        moderation.unsuspend(bob.id)


def role_of(kwip, viewer):
    return kwip.stores.users.get_many([viewer.id])[viewer.id].role


def test_of_two_owners_who_demote_each_other_one_stays(kwip, moderation, alice, bob):
    for each in (alice, bob):
        moderation.set_role(each.id, Role.OWNER)
    both = threading.Barrier(2)

    def demote(viewer):
        both.wait()
        try:
            moderation.set_role(viewer.id, Role.MEMBER)
        except ConflictError:
            return 0
        return 1

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(demote, (alice, bob))) == 1
    assert {role_of(kwip, each) for each in (alice, bob)} == {Role.OWNER, Role.MEMBER}


def test_an_administrator_from_before_there_were_roles_is_an_owner(
    kwip, moderation, alice, bob
):
    users = kwip.store.database["users"]
    for each in (alice, bob):
        before = {"$set": {"schema": 8, "is_admin": True}, "$unset": {"role": ""}}
        users.update_one({"_id": each.id}, before)
    moderation.suspend(bob.id)

    assert role_of(kwip, alice) is Role.OWNER
    with pytest.raises(ConflictError, match="only owner"):
        moderation.suspend(alice.id)


def test_staff_only_act_on_people_below_them(kwip, moderation, alice, bob):
    """Every pair of roles: what the first may do to the second."""
    staff = kwip.services.staff
    allowed = set()
    for role, other in product(Role, repeat=2):
        for each, given in ((alice, role), (bob, other)):
            kwip.store.database["users"].update_one(
                {"_id": each.id}, {"$set": {"role": given, "is_suspended": False}}
            )
        with suppress(ForbiddenError):
            order = staff.order(alice, Permission.LIMIT_PEOPLE, "Spam")
            moderation.unsilence(bob.id)
            moderation.silence(bob.id, order)
            allowed.add((role.value, other.value))

    assert allowed == {
        ("moderator", "member"),
        ("administrator", "member"),
        ("administrator", "moderator"),
        ("owner", "member"),
        ("owner", "moderator"),
        ("owner", "administrator"),
    }
    silenced = AuditQuery(action=Action.SILENCE_USER)
    logged = kwip.services.audit_log.page(silenced)
    assert len(logged) == len(allowed)
    assert {each.actor for each in logged} == {Actor("staff", "alice")}


def test_nobody_gives_a_role_that_is_not_below_their_own(moderation, alice, bob):
    moderation.set_role(alice.id, Role.OWNER)
    given = {role.value: [] for role in Role}
    for role, new in product(Role, repeat=2):
        moderation.set_role(bob.id, Role.MEMBER)
        with suppress(ForbiddenError):
            moderation.set_role(bob.id, new, Order(Actor("staff", "a"), "", role))
            given[role.value].append(new.value)

    assert given == {
        "member": [],
        "moderator": ["member"],
        "administrator": ["member", "moderator"],
        "owner": ["member", "moderator", "administrator", "owner"],
    }


def test_a_new_password_ends_every_session_and_leaves_tokens(kwip, moderation, bob):
    sessions = [
        kwip.services.authentication.begin_session(bob.id, "bob", "x") for _ in "ab"
    ]
    token = token_of(kwip, bob)
    assert [opens(kwip, each) for each in (*sessions, token)] == [(True, True)] * 3

    assert moderation.set_password(bob.id, NEW_PASSWORD) == (2, 0)

    assert [opens(kwip, each) for each in sessions] == [(False, False)] * 2
    assert opens(kwip, token) == (True, True)
    with pytest.raises(NotAuthenticatedError):
        kwip.services.authentication.prove("bob", PASSWORD)
    assert kwip.services.authentication.prove("bob", NEW_PASSWORD)


def test_a_new_password_ends_tokens_if_asked(kwip, moderation, alice, bob):
    token, other = token_of(kwip, bob), token_of(kwip, alice)
    opens(kwip, token)

    assert moderation.set_password(bob.id, NEW_PASSWORD, ends_tokens=True) == (0, 1)

    assert opens(kwip, token) == (False, False)
    assert opens(kwip, other) == (True, True)


def test_signing_out_everywhere_invalidates_again_what_died_before_the_invalidation(
    kwip, moderation, bob, monkeypatch
):
    session = kwip.services.authentication.begin_session(bob.id, "bob", "x")
    opens(kwip, session)
    with monkeypatch.context() as broken:
        broken.setattr(kwip.fence, "invalidate", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            moderation.sign_out_everywhere(bob.id, ends_tokens=False)
    assert opens(kwip, session)[0]  # from the cache

    moderation.sign_out_everywhere(bob.id, ends_tokens=False)

    assert opens(kwip, session) == (False, False)


def test_a_password_that_cannot_be_used_changes_nothing(kwip, moderation, bob):
    with pytest.raises(InvalidError):
        moderation.set_password(bob.id, "short")

    assert kwip.services.authentication.prove("bob", PASSWORD)


@pytest.mark.parametrize("act", ["suspend", "unsuspend"])
def test_nobody_of_that_id_is_an_error(moderation, act):
    with pytest.raises(NotFoundError):
        getattr(moderation, act)(UserId(17))
