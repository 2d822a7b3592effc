"""Who guesses at passwords is stopped, and the owner of the account is not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY

from kwip.domain.accounts.users import Viewer
from kwip.domain.errors import InvalidError, KwipError, RateLimitedError
from kwip.services.accounts import sign_in
from kwip.services.accounts.sign_in import Applicant
from kwip.services.accounts.users import SignUp
from kwip.wiring import Options, build
from tests.servers import settings_in

PASSWORD = "correct horse battery"
EMAIL, GUESS = "alice@example.org", "password1"


@pytest.fixture
def guarded(tmp_path, endpoints):
    """Return a function that makes services with some limits, and alice's account."""
    made = []

    def make(**limits):
        environ = {f"KWIP_QUOTA_{n.upper()}": str(v) for n, v in limits.items()}
        settings = settings_in(tmp_path / "home", **environ)
        options = Options(enqueue=lambda *_: None)
        wiring = build(settings, endpoints, role="web", options=options)
        made.append(wiring)
        wiring.services.users.sign_up(form_of("alice"))
        return wiring

    yield make
    for wiring in made:
        wiring.close()


def form_of(name):
    return SignUp(username=name, email=f"{name}@example.org", password=PASSWORD)


def at(address, known_names=frozenset()):
    return Applicant(address=address, agent="test", known_names=known_names)


def events(event):
    return REGISTRY.get_sample_value("kwip_auth_events_total", {"event": event}) or 0


def test_sign_ins_and_wrong_passwords_are_counted(guarded):
    wiring = guarded(signin=2)
    names = ("signed_in", "wrong_password", "limited")
    before = [events(name) for name in names]
    tries(wiring, [at("192.0.2.1")] * 3)
    assert tries(wiring, [at("192.0.2.2")], password=PASSWORD) == ["in"]

    assert [events(n) - b for n, b in zip(names, before, strict=True)] == [1, 2, 1]


def tries(wiring, applicants, login="alice", password=GUESS):
    """Try to sign in as each applicant; say what came of it."""
    results = []
    for applicant in applicants:
        try:
            wiring.services.sign_in.sign_in(login, password, applicant)
        except KwipError as error:
            results.append(error.code)
        else:
            results.append("in")
    return results


def strangers(number):
    return [at(f"10.0.{each}.1") for each in range(number)]


def test_an_address_may_be_wrong_so_often(guarded):
    kwip = guarded(signin=2)
    found = tries(kwip, [at("10.0.0.1")] * 3) + tries(kwip, [at("10.0.0.2")])

    assert found == [*["not_authenticated"] * 2, "rate_limited", "not_authenticated"]


def test_the_networks_of_ipv6_count_as_one_address(guarded, monkeypatch):
    monkeypatch.setattr(sign_in, "WIDER_TIMES", 2)
    kwip = guarded(signin=1)
    households = [at(f"2001:db8:0:{number}::1") for number in range(3)]
    assert tries(kwip, households[:1], password=PASSWORD) == ["in"]  # is no failure

    assert tries(kwip, [households[0], at("2001:db8::2"), *households[1:]]) == [
        "not_authenticated",
        "rate_limited",
        "not_authenticated",
        "rate_limited",  # the network around them
    ]
    assert tries(kwip, [at("2001:db8:1::1")]) == ["not_authenticated"]


@pytest.mark.parametrize("login", ["alice", EMAIL, "nobody", "nobody@example.org"])
def test_a_name_may_be_guessed_at_so_often_from_everywhere_whoever_has_it(
    guarded, login
):
    kwip = guarded(signin=9, signin_account=2)
    spellings = [login, f" {login.upper()} ", f"@{login}"]
    found = [tries(kwip, [at(f"10.0.{n}.1")], s)[0] for n, s in enumerate(spellings)]

    assert found == ["not_authenticated", "not_authenticated", "rate_limited"]


def test_a_right_password_is_no_failed_sign_in_of_its_address(guarded):
    kwip = guarded(signin=2)

    assert tries(kwip, [at("10.0.0.1")] * 5, password=PASSWORD) == ["in"] * 5
    assert tries(kwip, [at("10.0.0.1")] * 3) == [
        "not_authenticated",
        "not_authenticated",
        "rate_limited",
    ]


def test_an_address_may_sign_in_so_often_right_or_wrong(guarded):
    kwip = guarded(signin_address=3)
    found = tries(kwip, [at("10.0.0.1")] * 2, password=PASSWORD)
    found += tries(kwip, [at("10.0.0.1")])
    found += tries(kwip, [at("10.0.0.1"), at("10.0.0.2")], password=PASSWORD)

    assert found == ["in", "in", "not_authenticated", "rate_limited", "in"]


@pytest.mark.parametrize("login", ["alice", EMAIL])
def test_an_account_may_be_signed_in_to_so_often_from_everywhere(guarded, login):
    kwip = guarded(signin_account=2)

    assert tries(kwip, strangers(4), login, PASSWORD) == [
        *["in"] * 2,
        *["rate_limited"] * 2,
    ]


def test_a_browser_that_is_known_may_not_sign_in_for_ever_either(guarded):
    kwip = guarded(signin_account=2)
    names = kwip.services.sign_in.sign_in("alice", PASSWORD, at("10.1.1.1")).names
    known = at("10.1.1.1", names)

    assert tries(kwip, [known] * 3, password=PASSWORD) == ["in", "in", "rate_limited"]


def test_another_password_may_be_asked_for_so_often_right_or_wrong(guarded):
    kwip = guarded(signin_account=2)
    alice = kwip.stores.users.credentials_of("alice")
    viewer = Viewer(id=alice.user_id, username="alice", digest="")
    for _ in range(2):
        kwip.services.sign_in.prove_again(viewer, PASSWORD)

    with pytest.raises(RateLimitedError):
        kwip.services.sign_in.prove_again(viewer, PASSWORD)
    assert tries(kwip, [at("10.0.0.1")], password=PASSWORD) == ["in"]


def test_a_try_whose_password_nobody_looked_at_is_no_failure(guarded, monkeypatch):
    kwip = guarded(signin=1, signin_account=1, signup=1)
    with monkeypatch.context() as busy:
        hashing = kwip.services.authentication.passwords
        busy.setattr(hashing, "_room", threading.Semaphore(0))
        found = tries(kwip, [at("10.0.0.1")] * 2, password=PASSWORD)
        found += [join(kwip, "carol") for _ in range(2)]

    assert found == ["store_unavailable"] * 4
    assert tries(kwip, [at("10.0.0.1")], password=PASSWORD) == ["in"]
    assert join(kwip, "carol") == "in"


def test_many_guesses_at_once_are_no_more_than_the_limit(guarded):
    kwip = guarded(signin_account=3)
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda who: tries(kwip, [who])[0], strangers(12)))

    assert sorted(found) == ["not_authenticated"] * 3 + ["rate_limited"] * 9


@pytest.mark.parametrize("login", ["alice", EMAIL])
def test_guesses_of_strangers_do_not_lock_the_owner_out(guarded, login):
    kwip = guarded(signin=9, signin_account=2, signin_address=4)
    names = kwip.services.sign_in.sign_in("alice", PASSWORD, at("10.1.1.1")).names
    assert tries(kwip, strangers(3), login)[-1] == "rate_limited"
    assert tries(kwip, [at("10.1.1.1")] * 4, "bob")[-1] == "rate_limited"
    owner = at("10.1.1.1", names)

    assert tries(kwip, [owner], login, PASSWORD) == ["in"]


def test_a_browser_that_is_known_may_not_guess_for_ever_either(guarded):
    kwip = guarded(signin=9, signin_account=2)
    names = kwip.services.sign_in.sign_in("alice", PASSWORD, at("10.1.1.1")).names

    assert tries(kwip, [at("10.1.1.1", names)] * 3) == [
        "not_authenticated",
        "not_authenticated",
        "rate_limited",
    ]
    assert tries(kwip, [at("10.1.1.2")], password=PASSWORD) == ["in"]


def test_a_browser_is_known_for_the_names_it_signed_in_with_only(guarded):
    kwip = guarded(signin=1, signin_account=9)
    kwip.services.users.sign_up(form_of("bob"))
    names = kwip.services.sign_in.sign_in("bob", PASSWORD, at("10.1.1.1")).names

    assert tries(kwip, [at("10.1.1.1", names)] * 2) == [
        "not_authenticated",
        "rate_limited",
    ]


def join(wiring, name, address="10.0.0.1"):
    try:
        wiring.services.sign_in.sign_up(form_of(name), at(address))
    except KwipError as error:
        return error.code
    return "in"


def test_an_address_may_make_so_many_accounts(guarded):
    kwip = guarded(signup=2, signin=1)

    assert [join(kwip, name) for name in ("a1", "a2", "a3")] == [
        "in",
        "in",
        "rate_limited",
    ]
    assert join(kwip, "a3", "10.0.0.2") == "in"


def test_names_that_are_taken_use_up_no_account_but_cannot_be_tried_for_ever(guarded):
    kwip = guarded(signup=1, signin=3)
    found = [join(kwip, name) for name in ("alice", "alice", "a1")]

    assert found == ["invalid", "invalid", "in"]
    assert [join(kwip, "alice", "10.0.0.2") for _ in range(4)] == [
        *["invalid"] * 3,
        "rate_limited",
    ]


def test_an_address_that_has_an_account_is_refused_without_a_word_about_it(guarded):
    kwip = guarded()
    for email in (EMAIL, EMAIL.upper()):
        form = SignUp(username="carol", email=email, password=PASSWORD)
        with pytest.raises(InvalidError) as refused:
            kwip.services.sign_in.sign_up(form, at("10.0.0.1"))

        assert refused.value.fields == {}
        assert "email" not in refused.value.message
        assert "log in" in refused.value.message


def test_a_name_that_is_taken_tells_nothing_about_the_address(guarded):
    kwip = guarded()
    told = []
    for email in (EMAIL, "new@example.org"):
        form = SignUp(username="alice", email=email, password=PASSWORD)
        with pytest.raises(InvalidError) as refused:
            kwip.services.sign_in.sign_up(form, at("10.0.0.1"))
        told.append((refused.value.message, refused.value.fields))

    assert told[0] == told[1]
    assert set(told[0][1]) == {"username"}


def test_to_try_whether_an_address_has_an_account_costs_as_much_as_an_account(guarded):
    kwip = guarded(signup=2, signin=9)
    form = SignUp(username="carol", email=EMAIL, password=PASSWORD)
    found = []
    for _ in range(3):
        with pytest.raises(KwipError) as refused:
            kwip.services.sign_in.sign_up(form, at("10.0.0.1"))
        found.append(refused.value.code)

    assert found == ["invalid", "invalid", "rate_limited"]
    assert join(kwip, "carol") == "rate_limited"
    assert join(kwip, "carol", "10.0.0.2") == "in"


def test_an_operator_is_told_that_an_address_is_taken(guarded):
    kwip = guarded()
    with pytest.raises(InvalidError) as refused:
        kwip.services.users.sign_up(
            SignUp(username="carol", email=EMAIL, password=PASSWORD)
        )

    assert set(refused.value.fields) == {"email"}


def test_limits_of_0_are_none(guarded):
    kwip = guarded()

    assert tries(kwip, [at("10.0.0.1")] * 8) == ["not_authenticated"] * 8
    assert [join(kwip, f"a{number}") for number in range(6)] == ["in"] * 6


def test_without_redis_people_get_in_and_it_is_counted(guarded):
    kwip = guarded(signin=1, signup=1)
    kwip.realtime._factory.connection_kwargs["path"] = "/nowhere"
    kwip.realtime.close()
    errors = [counted("sign_in"), counted("sign_up")]

    assert tries(kwip, [at("10.0.0.1")] * 2) == ["not_authenticated"] * 2
    assert tries(kwip, [at("10.0.0.1")], password=PASSWORD) == ["in"]
    assert [join(kwip, name) for name in ("a1", "a2")] == ["in", "in"]
    assert [counted("sign_in"), counted("sign_up")] == [errors[0] + 3, errors[1] + 2]


def counted(quota):
    value = REGISTRY.get_sample_value("kwip_rate_limit_errors_total", {"quota": quota})
    return value or 0
