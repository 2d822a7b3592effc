"""The code for the first administrator, without `kwip up`."""

from __future__ import annotations

from kwip.domain.accounts.setup import code_digest
from kwip.domain.clock import at, system_clock_ms
from kwip.store.accounts.setup import SetupStore


def test_each_code_replaces_the_one_before(kwip, wiring):
    first = kwip("setup", "code", "--json").json
    second = kwip("setup", "code", "--json").json
    digest = SetupStore(wiring.store).digest(at(system_clock_ms()))

    assert digest == code_digest(second["code"]) != code_digest(first["code"])
    assert second["url"] == "http://127.0.0.1:8000/setup"


def test_a_site_with_an_administrator_gets_no_code(kwip, wiring):
    kwip("users", "create", "boss", "--email", "b@example.org", stdin="correct horse")
    kwip("users", "modify", "boss", "--role", "administrator")
    run = kwip("setup", "code")

    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("kwip: This site has an administrator already.")
    assert SetupStore(wiring.store).digest(at(system_clock_ms())) is None
