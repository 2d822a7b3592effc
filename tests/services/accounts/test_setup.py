"""The first administrator: one code, one use, whoever tries at the same time."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.setup import LIFETIME, code_digest, draw_code
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import (
    InvalidError,
    KwipError,
    NotFoundError,
    StoreUnavailableError,
)
from kwip.services.accounts.users import SignUp
from kwip.store.accounts.setup import SetupStore


def form(username="root_of_it", **other):
    return SignUp(
        username=username,
        email=f"{username}@example.org",
        password="correct horse",
        **other,
    )


@pytest.fixture
def store(kwip):
    return SetupStore(kwip.store)


@pytest.fixture
def offer(store):
    """Return a function that offers a new code, and gives it."""

    def draw(lifetime=LIFETIME):
        code = draw_code()
        end = at(system_clock_ms()) + lifetime
        assert store.offer(code_digest(code), end)
        return code

    return draw


def admins(kwip):
    return kwip.store.database["users"].count_documents({"is_admin": True})


def test_whoever_has_the_code_becomes_the_administrator_once(kwip, offer, store):
    code = offer()
    kwip.services.setup.require_open()

    made = kwip.services.setup.complete(f" {code.lower()} ", form())

    assert made.role is Role.OWNER
    assert kwip.stores.users.get_many([made.id])[made.id] == made
    for again in (
        kwip.services.setup.require_open,
        lambda: kwip.services.setup.complete(code, form("second")),
    ):
        with pytest.raises(NotFoundError):
            again()
    assert not store.offer(code_digest(code), at(system_clock_ms()) + LIFETIME)


def test_eight_at_once_with_the_code_make_one_administrator(kwip, offer):
    code = offer()

    def try_it(number):
        # On a slow machine some wait too long for their password's hash, and try again.
        while True:
            try:
                return kwip.services.setup.complete(code, form(f"admin{number}"))
            except StoreUnavailableError:
                continue
            except KwipError as error:
                return type(error)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(try_it, range(8)))

    made = [r for r in results if not isinstance(r, type)]
    assert len(made) == admins(kwip) == 1
    assert set(results) - set(made) == {NotFoundError}
    assert kwip.stores.users.count() == 1


def test_wrong_codes_make_nobody_are_logged_and_do_not_end_the_right_one(kwip, offer):
    code = offer()
    with structlog.testing.capture_logs() as lines:
        for _ in range(150):
            with pytest.raises(InvalidError) as caught:
                kwip.services.setup.complete(draw_code(), form())

    assert list(caught.value.fields) == ["code"]
    assert [line["event"] for line in lines] == ["setup_refused"] * 150
    assert kwip.stores.users.is_empty()
    assert kwip.services.setup.complete(code, form()).role is Role.OWNER


def test_a_wrong_form_with_the_right_code_leaves_it_good(kwip, offer):
    code = offer()
    for _ in range(3):
        with pytest.raises(InvalidError) as caught:
            kwip.services.setup.complete(code, form("admin"))
        assert list(caught.value.fields) == ["username"]

    assert kwip.services.setup.complete(code, form("boss")).role is Role.OWNER


def test_a_name_that_is_taken_leaves_the_code_good(kwip, offer, new_user):
    new_user("alice")
    code = offer()

    with pytest.raises(InvalidError):
        kwip.services.setup.complete(code, form("alice"))
    assert admins(kwip) == 0
    assert kwip.services.setup.complete(code, form("boss")).role is Role.OWNER


def test_a_new_code_ends_the_one_before(kwip, offer):
    old, new = offer(), offer()

    with pytest.raises(InvalidError):
        kwip.services.setup.complete(old, form())
    assert kwip.services.setup.complete(new, form()).role is Role.OWNER


def test_a_code_that_has_ended_opens_nothing(kwip, offer):
    code = offer(lifetime=dt.timedelta(seconds=-1))

    with pytest.raises(NotFoundError):
        kwip.services.setup.complete(code, form())


def test_an_administrator_made_otherwise_closes_the_setup(kwip, offer, new_user):
    code = offer()
    kwip.services.moderation.set_role(new_user("alice").id, Role.ADMINISTRATOR)

    with pytest.raises(NotFoundError):
        kwip.services.setup.complete(code, form())
    assert admins(kwip) == 1


@pytest.mark.parametrize("code", ["", "\ud800", "ß" * 300, "----"])
def test_nonsense_is_no_code(kwip, offer, code):
    offer()

    with pytest.raises(InvalidError):
        kwip.services.setup.complete(code, form())


def test_codes_differ_and_are_stored_as_digests_only(kwip, offer):
    codes = {draw_code() for _ in range(50)}
    code = offer()
    stored = kwip.store.database["claims"].find_one({"_id": "setup"})

    assert len(codes) == 50
    assert code not in str(stored)
    assert code.replace("-", "") not in str(stored)
