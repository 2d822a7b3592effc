"""Passkeys beside a password and instead of one, and answers that are not right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.accounts.two_factor import Answer, Challenge, Proof
from kwip.domain.errors import InvalidError, KwipError
from kwip.services.accounts.sign_in import Applicant, Halfway
from kwip.services.accounts.two_factor.ceremonies import Ceremonies
from tests.authenticator import PRESENT, Authenticator
from tests.frozen import swap

PASSWORD, ORIGIN = "correct horse", "https://kwip.example.org"
SOMEBODY = Applicant(address="192.0.2.1", agent="a browser")


@pytest.fixture
def passkeys(kwip):
    ceremonies = Ceremonies(ORIGIN, "kwip.example.org")
    swap(kwip.services.passkeys, ceremonies=ceremonies)
    swap(kwip.services.two_factor.second_factor, ceremonies=ceremonies)
    return kwip.services.passkeys


@pytest.fixture
def add(passkeys):
    """Return a function that adds a passkey of somebody; it gives recovery codes."""

    def begin_and_add(viewer, authenticator, name="Phone", answer=None):
        proof = Proof(password=PASSWORD, answer=answer or Answer())
        challenge, options = passkeys.begin(viewer, name, proof)
        return passkeys.add(viewer, authenticator.make(options), challenge)

    return begin_and_add


def answer_of(passkeys, authenticator):
    challenge, options = passkeys.challenge()
    return Answer(assertion=authenticator.sign(options), challenge=challenge)


def outcome(act, *arguments):
    try:
        act(*arguments)
    except KwipError as error:
        return error.code
    return "in"


def test_a_passkey_logs_in_alone_and_is_asked_for_after_a_password(
    kwip, passkeys, alice, add
):
    phone, services = Authenticator(ORIGIN), kwip.services
    begun = services.authentication.begin_session(alice.id, "alice", "another")
    codes = add(alice, phone)
    by_passkey = services.second_step.with_passkey
    admitted = by_passkey(answer_of(passkeys, phone), SOMEBODY)
    halfway = services.sign_in.sign_in("alice", PASSWORD, SOMEBODY)
    services.second_step.complete(halfway, answer_of(passkeys, phone), SOMEBODY)

    assert isinstance(halfway, Halfway)
    assert services.authentication.confirm(begun) is None
    assert services.authentication.confirm(admitted.credential).id == alice.id
    assert len(codes) == 10
    [stored] = services.two_factor.get(alice).passkeys
    assert (stored.name, bool(stored.used_at)) == ("Phone", True)


def test_an_answer_is_good_once_for_one_account_and_in_time(
    kwip, passkeys, alice, bob, add
):
    phone, hers = Authenticator(ORIGIN), Authenticator(ORIGIN, b"another")
    add(alice, phone)
    add(bob, hers)
    by_passkey = kwip.services.second_step.with_passkey
    old, answer = answer_of(passkeys, phone), answer_of(passkeys, phone)
    newer = replace(answer.challenge, issued_ms=answer.challenge.issued_ms + 1)
    answer = replace(answer, challenge=newer)
    first = outcome(by_passkey, answer, SOMEBODY)
    halfway = kwip.services.sign_in.sign_in("alice", PASSWORD, SOMEBODY)
    late = replace(newer, issued_ms=newer.issued_ms - 400_000)
    hers.handle = phone.handle
    refused = [
        outcome(by_passkey, answer, SOMEBODY),
        outcome(by_passkey, old, SOMEBODY),
        outcome(by_passkey, replace(answer, challenge=None), SOMEBODY),
        outcome(by_passkey, replace(answer, challenge=late), SOMEBODY),
        outcome(by_passkey, answer_of(passkeys, hers), SOMEBODY),
        outcome(
            kwip.services.second_step.complete,
            halfway,
            answer_of(passkeys, hers),
            SOMEBODY,
        ),
    ]

    assert first == "in"
    assert refused == ["invalid"] * 6


def test_what_is_wrong_with_an_answer_lets_nobody_in(kwip, passkeys, alice, add):
    phone = Authenticator(ORIGIN)
    add(alice, phone)
    by_passkey = kwip.services.second_step.with_passkey
    right = answer_of(passkeys, phone)
    forged = Authenticator(ORIGIN)
    forged.handle = phone.handle
    elsewhere, unverified = Authenticator("https://evil.example"), Authenticator(ORIGIN)
    for each in (elsewhere, unverified):
        each.handle, each._key = phone.handle, phone._key
    unverified.flags = PRESENT
    other = passkeys.challenge()[0]
    found = [
        outcome(by_passkey, answer, SOMEBODY)
        for answer in (
            answer_of(passkeys, forged),
            answer_of(passkeys, elsewhere),
            answer_of(passkeys, unverified),
            replace(right, challenge=other),
            replace(right, assertion=right.assertion.replace("signature", "sig")),
        )
    ]
    nonsense = [
        outcome(by_passkey, Answer(assertion=text, challenge=other), SOMEBODY)
        for text in (
            "",
            "{}",
            "[" * 9_999,
            '{"id": 1, "response": {"userHandle": "é"}}',
        )
    ]

    assert found == ["invalid"] * 5
    assert nonsense == ["invalid"] * 4
    assert outcome(by_passkey, right, SOMEBODY) == "in"


def test_a_new_passkey_needs_the_password_a_factor_and_the_session_that_asked(
    kwip, passkeys, alice, add
):
    phone, key = Authenticator(ORIGIN), Authenticator(ORIGIN, b"a security key")
    add(alice, phone)
    with pytest.raises(InvalidError) as wrong_password:
        passkeys.begin(alice, "Key", Proof(password="wrong horse"))
    with pytest.raises(InvalidError) as no_factor:
        passkeys.begin(alice, "Key", Proof(password=PASSWORD))
    answer = answer_of(passkeys, phone)
    proof = Proof(password=PASSWORD, answer=answer)
    challenge, options = passkeys.begin(alice, "Key", proof)
    made = key.make(options)
    other = replace(alice, digest="1" * 64)
    found = [
        outcome(passkeys.add, other, made, challenge),
        outcome(passkeys.add, alice, made, None),
        outcome(passkeys.add, alice, made, passkeys.challenge()[0]),
        outcome(passkeys.add, alice, "{}", challenge),
        outcome(passkeys.add, alice, made, challenge),
        outcome(passkeys.add, alice, made, challenge),
    ]

    assert list(wrong_password.value.fields) == ["password"]
    assert list(no_factor.value.fields) == ["code"]
    assert found == [*["invalid"] * 4, "in", "invalid"]
    assert Challenge.parse(challenge.text) == challenge


def test_removing_the_last_passkey_turns_it_off(kwip, passkeys, alice, add, mongodb):
    phone = Authenticator(ORIGIN)
    add(alice, phone)
    [stored] = kwip.services.two_factor.get(alice).passkeys
    proof = Proof(password=PASSWORD, answer=answer_of(passkeys, phone))
    passkeys.remove(alice, stored.id, proof)

    assert not kwip.services.two_factor.get(alice).is_on
    with pytest.raises(InvalidError):
        kwip.services.second_step.with_passkey(
            replace(answer_of(passkeys, phone), assertion="{}"), SOMEBODY
        )
    assert (
        outcome(
            kwip.services.second_step.with_passkey, answer_of(passkeys, phone), SOMEBODY
        )
        == "invalid"
    )
    mails = mongodb["mails"].find({"kind": "two_factor"}, sort=[("created_at", 1)])
    assert [m["details"]["event"] for m in mails] == [
        "passkey_added",
        "passkey_removed",
    ]
