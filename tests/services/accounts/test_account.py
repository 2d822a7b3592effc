"""The own password and sessions, also as other processes see them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from kwip.domain.accounts.users import READ
from kwip.domain.errors import (
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
    RateLimitedError,
)
from kwip.services.accounts.authentication import MAX_SESSIONS
from kwip.services.accounts.sign_in import Applicant
from kwip.wiring import Options, build
from tests.frozen import put

OLD, NEW = "correct horse", "battery staple"
SOMEBODY = Applicant(address="192.0.2.1", agent="a browser")


@pytest.fixture
def sign_in(kwip, alice):
    """Return a function that begins a session of hers."""

    def begin(agent="a browser"):
        credential = kwip.services.authentication.begin_session(
            alice.id, "alice", agent
        )
        return credential, kwip.services.authentication.confirm(credential)

    return begin


@pytest.fixture
def elsewhere(settings, endpoints):
    """Return another process's parts."""
    made = build(
        settings, endpoints, role="web", options=Options(enqueue=lambda *_: None)
    )
    assert made.fence.await_lease(30)
    yield made
    made.close()


def opens(wiring, credential):
    loader = wiring.services.loaders.begin()
    return wiring.services.authentication.open(credential, loader) is not None


def test_another_password_ends_other_sessions_at_once_everywhere_and_no_token(
    kwip, alice, sign_in, elsewhere
):
    access = kwip.services.authentication
    here, viewer = sign_in()
    there, _ = sign_in()
    access.create_token(viewer, "a script", frozenset({READ}))
    [token] = access.tokens(viewer)
    assert opens(elsewhere, there)
    assert opens(elsewhere, there)  # from the cache

    ended = kwip.services.account.change_password(viewer, OLD, NEW)

    assert ended == 1
    assert not opens(elsewhere, there)
    assert not opens(kwip, there)
    assert opens(elsewhere, here)
    assert access.tokens(viewer) == [token]
    with pytest.raises(NotAuthenticatedError):
        kwip.services.sign_in.sign_in("alice", OLD, SOMEBODY)
    assert kwip.services.sign_in.sign_in("alice", NEW, SOMEBODY)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong horse", NEW, "old_password"),
        (OLD, "short", "new_password"),
        (OLD, OLD, "new_password"),
        (OLD, "x" * 257, "new_password"),
    ],
)
def test_a_password_that_cannot_be_changed_stays_with_all_sessions(
    kwip, sign_in, old, new, field
):
    _, viewer = sign_in()
    other, _ = sign_in()

    with pytest.raises(InvalidError) as caught:
        kwip.services.account.change_password(viewer, old, new)

    assert list(caught.value.fields) == [field]
    assert opens(kwip, other)
    assert kwip.services.sign_in.sign_in("alice", OLD, SOMEBODY)


def test_both_mistakes_are_told_together_the_first_field_first(kwip, sign_in):
    _, viewer = sign_in()

    with pytest.raises(InvalidError) as caught:
        kwip.services.account.change_password(viewer, "wrong", "short")

    assert list(caught.value.fields) == ["old_password", "new_password"]


def test_guessing_the_old_password_ends_without_locking_its_owner_out(
    settings, endpoints, sign_in
):
    few = replace(settings, quota_signin_account=3)
    made = build(few, endpoints, role="web", options=Options(enqueue=lambda *_: None))
    try:
        _, viewer = sign_in()
        for _ in range(3):
            with pytest.raises(InvalidError):
                made.services.account.change_password(viewer, "wrong", NEW)

        with pytest.raises(RateLimitedError):
            made.services.account.change_password(viewer, OLD, NEW)
        assert made.services.sign_in.sign_in("alice", OLD, SOMEBODY)
    finally:
        made.close()


def test_a_sign_in_with_the_old_password_that_overtakes_the_change_is_ended(
    kwip, alice, sign_in, monkeypatch
):
    _, viewer = sign_in()
    access = kwip.services.authentication
    begin, begun = access.begin_session, []

    def change_first(*arguments):
        # The password was right a moment ago; now it is changed and sessions end.
        kwip.services.account.change_password(viewer, OLD, NEW)
        begun.append(begin(*arguments))
        return begun[0]

    put(monkeypatch, access, "begin_session", change_first)

    with pytest.raises(NotAuthenticatedError):
        kwip.services.sign_in.sign_in("alice", OLD, SOMEBODY)

    assert not opens(kwip, begun[0])


@pytest.mark.parametrize("invalidation", [1, 2])
def test_a_change_that_failed_leaves_nobody_in_and_can_be_repeated(
    kwip, alice, sign_in, monkeypatch, invalidation
):
    """Before the password is stored, and after it."""
    _, viewer = sign_in()
    thief, _ = sign_in()
    assert opens(kwip, thief)
    drop, asked = kwip.fence.invalidate, []

    def fail_once(keys):
        asked.append(keys)
        if len(asked) == invalidation:
            raise ConnectionError
        drop(keys)

    monkeypatch.setattr(kwip.fence, "invalidate", fail_once)
    with pytest.raises(ConnectionError):
        kwip.services.account.change_password(viewer, OLD, NEW)

    is_stored = invalidation == 2
    assert kwip.services.authentication.prove("alice", NEW if is_stored else OLD)
    assert not (is_stored and opens(kwip, thief))
    assert kwip.services.account.change_password(viewer, OLD, NEW) == 1 - is_stored
    assert not opens(kwip, thief)
    assert kwip.services.authentication.prove("alice", NEW)


def test_a_repeat_ends_who_came_in_between(kwip, alice, sign_in):
    _, viewer = sign_in()
    kwip.services.account.change_password(viewer, OLD, NEW)
    late, _ = sign_in()

    assert kwip.services.account.change_password(viewer, OLD, NEW) == 1
    assert not opens(kwip, late)


def test_sessions_are_listed_this_one_first_and_ended_ones_are_not(
    kwip, alice, sign_in
):
    sign_in("first")
    _, viewer = sign_in("second")
    sign_in("third")
    third = kwip.services.account.sessions(viewer)[1]

    listed = kwip.services.account.sessions(viewer)
    assert [(s.agent, s.is_own) for s in listed] == [
        ("second", True),
        ("third", False),
        ("first", False),
    ]
    kwip.services.account.end_session(viewer, third.id)
    assert [s.agent for s in kwip.services.account.sessions(viewer)] == [
        "second",
        "first",
    ]


def test_the_oldest_sessions_end_when_there_are_too_many_at_once_everywhere(
    kwip, alice, sign_in, new_user, elsewhere, mongodb
):
    bob = new_user("bob")
    his = kwip.services.authentication.begin_session(bob.id, "bob", "a browser")
    oldest, _ = sign_in()
    second, _ = sign_in()
    assert opens(elsewhere, oldest)
    assert opens(elsewhere, oldest)  # from the cache
    for _ in range(MAX_SESSIONS - 2):
        sign_in()
    assert opens(elsewhere, oldest)

    newest, viewer = sign_in()

    assert not opens(elsewhere, oldest)
    assert not opens(kwip, oldest)
    assert kwip.services.authentication.confirm(oldest) is None
    assert all(opens(elsewhere, each) for each in (second, newest, his))
    assert len(kwip.services.account.sessions(viewer)) == MAX_SESSIONS
    assert mongodb["sessions"].count_documents({"user_id": alice.id}) == MAX_SESSIONS


def test_many_sessions_from_before_end_with_the_next_sign_in(
    kwip, alice, sign_in, mongodb
):
    sign_in()
    document = mongodb["sessions"].find_one({"user_id": alice.id})
    mongodb["sessions"].insert_many(
        {**document, "_id": f"{alice.id}:{number:064}"} for number in range(200)
    )
    newest, viewer = sign_in()

    assert len(kwip.services.account.sessions(viewer)) == MAX_SESSIONS
    assert opens(kwip, newest)


def test_nobody_ends_somebody_elses_session(kwip, alice, sign_in, new_user):
    hers, viewer = sign_in()
    bob = new_user("bob")

    with pytest.raises(NotFoundError):
        kwip.services.account.end_session(bob, viewer.digest)

    assert opens(kwip, hers)


def test_all_others_are_ended_and_once_more_none(kwip, sign_in):
    here, viewer = sign_in()
    others = [sign_in()[0] for _ in range(2)]

    assert kwip.services.account.end_other_sessions(viewer) == 2
    assert kwip.services.account.end_other_sessions(viewer) == 0
    assert opens(kwip, here)
    assert not any(opens(kwip, other) for other in others)


def test_an_end_that_was_interrupted_before_the_invalidation_can_be_repeated(
    kwip, sign_in, monkeypatch
):
    _, viewer = sign_in()
    other, _ = sign_in()
    assert opens(kwip, other)
    with monkeypatch.context() as broken, suppress(ConnectionError):
        broken.setattr(kwip.fence, "invalidate", _fail)
        kwip.services.account.end_other_sessions(viewer)

    assert kwip.services.account.end_other_sessions(viewer) == 1
    assert not opens(kwip, other)


def _fail(_keys):
    raise ConnectionError
