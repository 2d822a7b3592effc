"""Commands and roles whose MongoDB does not let them in."""

from __future__ import annotations

import pytest

from kwip.cli.starting.programs import ROLES


@pytest.mark.parametrize(
    "command",
    [*(("serve", role) for role in ROLES), ("check",), ("queue", "stats"), ("fsck",)],
)
def test_a_wrong_password_is_one_sentence_that_says_what_to_check(
    kwip_in, environ, command
):
    uri = environ["KWIP_MONGODB_URI"].replace("authSource=admin", "authSource=other")

    run = kwip_in({**environ, "KWIP_MONGODB_URI": uri}, *command)

    assert (run.code, run.out) == (2, "")
    [line] = run.err.splitlines()
    assert "rejects the username or password: check them, and `authSource`" in line
    assert "{" not in line
