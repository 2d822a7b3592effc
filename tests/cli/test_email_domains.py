"""Blocked domains and addresses: no new account has one, and old ones stay."""

from __future__ import annotations

import pytest

BLOCK = ("users", "block-domain")
SAID = (
    "kwip: This account can't be created. "
    "email: Addresses of this provider can't be used. Use another one."
)
REFUSED, CREATED = (2, SAID), (0, "")


@pytest.fixture
def create(kwip):
    """Return a function that signs up with an address, and says how that ended."""

    def run(name, email):
        password = ("--password", "correct horse")
        done = kwip("users", "create", name, "--email", email, *password)
        return done.code, done.err.splitlines()[-1] if done.code else ""

    return run


def test_nobody_signs_up_at_a_blocked_domain_and_old_accounts_stay(
    kwip, create, wiring
):
    assert create("early", "early@spam.example") == CREATED
    added = kwip(*BLOCK, "add", "@Spam.Example", "--reason", "A raid")
    refused = [
        create("a", f"a@{host}") for host in ("SPAM.example", "mail.x.spam.example")
    ]
    near = [
        create(f"b{n}", f"b@{host}")
        for n, host in enumerate(("notspam.example", "example.org", "spam.example.org"))
    ]
    entry = kwip("audit", "list", "--json").json["entries"][0]

    assert (added.code, added.out) == (0, "blocked spam.example\n")
    assert refused == [REFUSED, REFUSED]
    assert near == [CREATED] * 3
    assert wiring.services.authentication.prove("early", "correct horse")
    assert (entry["action"], entry["subject"]) == ("block_domain", "spam.example")
    assert (entry["reason"], entry["details"]) == ("A raid", {})
    assert kwip(*BLOCK, "list").out.split()[1:] == ["spam.example", "1", "entry"]
    assert kwip(*BLOCK, "remove", "spam.example").code == 0
    assert create("a", "a@spam.example") == CREATED


def test_nobody_signs_up_with_a_blocked_address_however_it_is_written(kwip, create):
    said = (
        "kwip: This account can't be created. email: That email address can't be used."
    )
    added = kwip(*BLOCK, "add", " Mallory+1@Bücher.example")
    texts = ("MALLORY@bücher.example", "mallory+2@xn--bcher-kva.example")

    assert added.out == "blocked mallory@xn--bcher-kva.example\n"
    assert [create("m", text) for text in texts] == [(2, said)] * 2
    assert create("n", "mallory2@bücher.example") == CREATED
    assert kwip(*BLOCK, "add", "mallory@nowhere").code == 2
    assert kwip(*BLOCK, "remove", "mallory+3@bücher.example").code == 0
    assert create("m", texts[0]) == CREATED


def test_a_domain_is_the_same_in_every_script(kwip, create):
    kwip(*BLOCK, "add", "Bücher.example")

    assert create("a", "a@xn--bcher-kva.example") == REFUSED
    assert create("a", "a@post.BÜCHER.example") == REFUSED
    assert kwip(*BLOCK, "remove", "bücher.EXAMPLE").out == (
        "unblocked xn--bcher-kva.example\n"
    )


@pytest.mark.parametrize("text", ["", "com", "b..example", "192.0.2.1"])
def test_what_is_no_domain_is_refused_by_name(kwip, text):
    for verb in ("add", "remove"):
        assert kwip(*BLOCK, verb, text).err == (
            "kwip: That domain can't be used. "
            "domain: Enter what follows the @ of an address: example.org.\n"
        )
    assert kwip("audit", "list").out == "0 entries\n"


def test_blocking_twice_and_unblocking_what_is_not_blocked_are_errors(kwip):
    kwip(*BLOCK, "add", "spam.example")
    twice = kwip(*BLOCK, "add", "spam.example")
    below = kwip(*BLOCK, "remove", "mail.spam.example")

    assert (twice.code, twice.err) == (2, "kwip: spam.example is blocked already.\n")
    assert (below.code, below.err) == (2, "kwip: mail.spam.example is not blocked.\n")
    assert kwip("audit", "list").out.splitlines()[-1] == "1 entry"
