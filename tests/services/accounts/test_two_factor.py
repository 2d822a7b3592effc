"""Two-factor authentication as its owner uses it, and as somebody else attacks it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

import pyotp
import pytest

from kwip.domain.accounts.audit_log import Actor, Order
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.two_factor import MOST_WRONG, STEP_MS, Answer, Proof
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import (
    InvalidError,
    KwipError,
    NotAuthenticatedError,
    RateLimitedError,
)
from kwip.services.accounts.sign_in import Applicant, Halfway
from kwip.services.accounts.two_factor.reencryption import Reencryption
from kwip.services.accounts.two_factor.sealing import Sealer
from tests.frozen import swap

PASSWORD = "correct horse"
HOUR_MS = 3_600_000


@dataclass
class Clock:
    """A clock that a test sets."""

    now_ms: int

    def __call__(self):
        return self.now_ms


class Owner:
    """Somebody with an authenticator app, and browsers that log in."""

    def __init__(self, kwip, viewer):
        self.services, self.viewer = kwip.services, viewer
        # The middle of a step, so that it does not end while a test runs.
        self.clock = Clock(system_clock_ms() // STEP_MS * STEP_MS + STEP_MS // 2)
        two_factor, sign_in = kwip.services.two_factor, kwip.services.sign_in
        swap(two_factor, clock=self.clock)
        swap(two_factor.second_factor, clock=self.clock)
        swap(sign_in.authentication, clock=self.clock)
        self.key = ""
        self.recovery = ()

    def code(self, steps=0):
        seconds = (self.clock.now_ms + steps * STEP_MS) // 1_000
        return pyotp.TOTP(self.key).at(seconds)

    def wrong_code(self):
        """Give a code that is none of those that are right now."""
        right = {self.code(step) for step in range(-1, 2)}
        return next(c for c in (f"{n:06}" for n in range(4)) if c not in right)

    def next_step(self, steps=1):
        self.clock.now_ms += steps * STEP_MS

    def turn_on(self):
        shown = self.services.two_factor.begin(self.viewer, Proof(password=PASSWORD))
        self.key = shown.text.replace(" ", "")
        self.recovery = self.services.two_factor.confirm(self.viewer, self.code())
        self.next_step()
        return self

    def proof(self):
        return Proof(password=PASSWORD, answer=Answer(code=self.code()))

    def first_step(self):
        found = self.services.sign_in.sign_in("alice", PASSWORD, at("192.0.2.1"))
        assert isinstance(found, Halfway)
        return found

    def second_step(self, halfway, code, address="192.0.2.1"):
        return self.services.second_step.complete(
            halfway, Answer(code=code), at(address)
        )


def at(address):
    return Applicant(address=address, agent="a browser")


@pytest.fixture
def owner(kwip, alice):
    return Owner(kwip, alice).turn_on()


def outcome(act, *arguments):
    try:
        act(*arguments)
    except KwipError as error:
        return error.code
    return "in"


def mails_about(mongodb):
    found = mongodb["mails"].find({"kind": "two_factor"}, sort=[("created_at", 1)])
    return [mail["details"]["event"] for mail in found]


def test_the_password_alone_lets_nobody_in_and_a_code_does(kwip, owner, mongodb):
    halfway = owner.first_step()
    before = mongodb["sessions"].count_documents({})
    wrong = outcome(owner.second_step, halfway, owner.wrong_code())
    admitted = owner.second_step(halfway, f" {owner.code()[:3]} {owner.code()[3:]}")
    stored = str(mongodb["credentials"].find_one({"_id": owner.viewer.id}))

    assert before == 0
    assert wrong == "invalid"
    assert kwip.services.authentication.confirm(admitted.credential)
    assert Halfway.parse(halfway.text) == halfway
    assert owner.key not in stored
    assert not [code for code in owner.recovery if code in stored]
    assert mails_about(mongodb) == ["turned_on"]


def test_a_code_works_once_also_when_it_is_sent_twice_at_the_same_time(owner):
    halfway, code = owner.first_step(), owner.code()
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(outcome, owner.second_step, halfway, code)] * 1
        tries += [
            pool.submit(outcome, owner.second_step, halfway, code) for _ in range(3)
        ]
        found = sorted(each.result() for each in tries)

    assert found == ["in", "invalid", "invalid", "invalid"]
    assert outcome(owner.second_step, owner.first_step(), code) == "invalid"


def test_the_codes_beside_the_current_one_work_and_no_others(owner):
    owner.next_step(5)
    halfway = owner.first_step()
    found = [
        outcome(owner.second_step, halfway, owner.code(steps))
        for steps in (-2, 2, -1, 0, 1)
    ]

    assert found == ["invalid", "invalid", "in", "in", "in"]


def test_a_code_that_was_used_before_a_newer_one_is_not_accepted_again(owner):
    halfway, old = owner.first_step(), owner.code(-1)
    owner.second_step(halfway, owner.code())

    assert outcome(owner.second_step, halfway, old) == "invalid"


def test_after_a_clock_that_was_wrong_by_years_codes_work_again(owner):
    owner.next_step(1_000_000)
    owner.second_step(owner.first_step(), owner.code())
    owner.next_step(-1_000_000)
    halfway = owner.first_step()

    assert outcome(owner.second_step, halfway, owner.code()) == "in"
    assert outcome(owner.second_step, halfway, owner.code()) == "invalid"


def test_guesses_are_limited_over_many_sessions_and_addresses(owner, mongodb):
    def guess(number):
        halfway = owner.first_step()
        return outcome(
            owner.second_step, halfway, owner.wrong_code(), f"10.0.{number}.1"
        )

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(guess, range(MOST_WRONG + 4)))
    halfway = owner.first_step()
    blocked = outcome(owner.second_step, halfway, owner.code())
    by_recovery = outcome(owner.second_step, halfway, owner.recovery[0])
    owner.next_step()

    assert found == ["invalid"] * MOST_WRONG + ["rate_limited"] * 4
    assert blocked == "rate_limited"
    assert by_recovery == "in"
    assert outcome(owner.second_step, owner.first_step(), owner.code()) == "in"
    assert mails_about(mongodb)[1:] == ["wrong_codes", "recovery_code_used"]


def test_the_limit_of_guesses_ends_after_an_hour_and_not_before(owner):
    for _ in range(MOST_WRONG):
        outcome(owner.second_step, owner.first_step(), owner.wrong_code())
    owner.clock.now_ms += HOUR_MS - STEP_MS
    early = outcome(owner.second_step, owner.first_step(), owner.code())
    owner.clock.now_ms += STEP_MS

    assert early == "rate_limited"
    assert outcome(owner.second_step, owner.first_step(), owner.code()) == "in"


def test_a_recovery_code_works_once_in_any_spelling(owner, mongodb):
    code = owner.recovery[3].upper().replace("-", " ")
    halfway = owner.first_step()
    found = [outcome(owner.second_step, halfway, code) for _ in range(2)]

    assert found == ["in", "invalid"]
    assert len(owner.services.two_factor.get(owner.viewer).recovery) == 9
    assert mails_about(mongodb) == ["turned_on", "recovery_code_used"]


def test_new_recovery_codes_need_password_and_code_and_end_the_old_ones(owner):
    renew = owner.services.two_factor.renew_codes
    with pytest.raises(InvalidError) as no_password:
        renew(owner.viewer, replace(owner.proof(), password="wrong horse"))
    with pytest.raises(InvalidError) as no_code:
        renew(owner.viewer, Proof(password=PASSWORD))
    new = renew(owner.viewer, owner.proof())
    halfway = owner.first_step()

    assert list(no_password.value.fields) == ["password"]
    assert list(no_code.value.fields) == ["code"]
    assert len(set(new)) == 10
    assert outcome(owner.second_step, halfway, owner.recovery[0]) == "invalid"
    assert outcome(owner.second_step, halfway, new[0]) == "in"


def test_turning_it_off_needs_a_code_and_ends_half_finished_sign_ins(owner, mongodb):
    halfway = owner.first_step()
    off = owner.services.two_factor.turn_off
    with pytest.raises(InvalidError):
        off(
            owner.viewer,
            Proof(password=PASSWORD, answer=Answer(code=owner.wrong_code())),
        )
    off(owner.viewer, owner.proof())

    owner.next_step()
    late = outcome(owner.second_step, halfway, owner.code())
    assert late == "not_authenticated"
    found = owner.services.sign_in.sign_in("alice", PASSWORD, at("192.0.2.1"))
    assert not isinstance(found, Halfway)
    assert mails_about(mongodb) == ["turned_on", "turned_off"]
    document = mongodb["credentials"].find_one({"_id": owner.viewer.id})
    assert document["two_factor"] is None


def test_the_first_step_is_forgotten_in_time_and_with_another_password(owner):
    halfway = owner.first_step()
    owner.clock.now_ms += 10 * 60 * 1_000
    late = outcome(owner.second_step, halfway, owner.code())
    halfway = owner.first_step()
    owner.services.account.change_password(owner.viewer, PASSWORD, "another horse")

    assert late == "not_authenticated"
    assert outcome(owner.second_step, halfway, owner.code()) == "not_authenticated"
    assert outcome(owner.second_step, None, owner.code()) == "not_authenticated"


def test_turning_it_on_ends_other_sessions_also_one_that_begins_meanwhile(
    kwip, alice, monkeypatch
):
    services = kwip.services
    begun = services.authentication.begin_session(alice.id, "alice", "another")
    owner = Owner(kwip, alice)
    known = kwip.stores.users.credentials_of("alice")
    owner.turn_on()

    assert services.authentication.confirm(begun) is None
    with pytest.raises(NotAuthenticatedError):  # it had proved the password before
        services.sign_in.admit(known, at("192.0.2.1"))
    assert services.account.sessions(alice) == []


def test_a_key_is_only_shown_to_the_session_that_asked_for_it(kwip, alice):
    owner = Owner(kwip, alice)
    owner.services.two_factor.begin(alice, Proof(password=PASSWORD))
    other = replace(alice, digest="1" * 64)

    assert owner.services.two_factor.pending(alice).uri.startswith("otpauth://totp/")
    assert outcome(owner.services.two_factor.pending, other) == "conflict"
    owner.clock.now_ms += HOUR_MS
    assert outcome(owner.services.two_factor.pending, alice) == "conflict"


def test_after_a_change_of_the_secret_key_all_keys_are_encrypted_anew(owner, endpoints):
    factor = owner.services.two_factor.second_factor
    keys = ["n" * 48, *endpoints.secret_keys]
    lost, both = Sealer(keys[:1]), Sealer(keys)
    swap(factor, sealer=lost)
    unread = Reencryption(factor.store, lost).run()
    with pytest.raises(InvalidError) as caught:
        owner.second_step(owner.first_step(), owner.code())
    by_recovery = outcome(owner.second_step, owner.first_step(), owner.recovery[0])
    work = Reencryption(factor.store, both)
    counts = [work.run() for _ in range(2)]

    assert unread == 0
    assert "no longer read" in caught.value.fields["code"]
    assert by_recovery == "in"
    assert counts == [1, 0]
    assert factor.store.find(owner.viewer.id).app.key.key_id == lost.key_id
    assert outcome(owner.second_step, owner.first_step(), owner.code()) == "in"


def test_whether_an_account_has_it_is_not_told_without_the_password(owner, new_user):
    new_user("bob")
    found = []
    for name in ("alice", "bob", "nobody"):
        with pytest.raises(NotAuthenticatedError) as caught:
            owner.services.sign_in.sign_in(name, "wrong horse", at("192.0.2.9"))
        found.append(caught.value.message)

    assert len(set(found)) == 1


def test_many_wrong_passwords_in_the_settings_use_up_no_code(owner):
    for _ in range(3):
        with suppress(InvalidError, RateLimitedError):
            owner.services.two_factor.turn_off(
                owner.viewer, replace(owner.proof(), password="wrong horse")
            )

    assert outcome(owner.second_step, owner.first_step(), owner.code()) == "in"


def test_staff_reset_it_only_for_people_of_a_lower_role(owner, mongodb):
    services = owner.services
    services.moderation.set_role(owner.viewer.id, Role.ADMINISTRATOR)
    orders = [
        Order(Actor("staff", "somebody"), "", role)
        for role in (Role.ADMINISTRATOR, Role.OWNER)
    ]
    recovery = services.access_recovery
    found = [
        outcome(act, owner.viewer.id, order)
        for act in (recovery.password_link, recovery.reset_two_factor)
        for order in orders
    ]

    assert found == ["forbidden", "in"] * 2
    assert mails_about(mongodb) == ["turned_on", "reset"]
