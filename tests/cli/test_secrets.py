"""`kwip secrets rotate`: a new key first, and older ones while they are needed."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.retired_keys import retired_keys
from kwip.services.accounts.authentication import SESSION_LIFETIME

GIVEN = "2f9c81d07ab64e353d0a5b18c7e6f942"


@pytest.fixture
def home(environ):
    return HomeFolder(Path(environ["KWIP_HOME"]))


def test_a_new_key_signs_and_older_ones_are_accepted_until_their_sessions_end(
    kwip, home
):
    path = home.root / "secrets" / "flask"
    [first] = home.secret_keys()

    run = kwip("secrets", "rotate")
    second, *others = home.secret_keys()
    assert others == [first]
    assert second != first
    assert path.stat().st_mode & 0o777 == 0o600
    assert "1 older key still accepted, 0 removed. Restart Kwip" in run.out
    assert not any(key in run.out for key in (first, second))

    kwip("secrets", "rotate")
    assert home.secret_keys()[1:] == (second, first)
    long_ago = path.stat().st_mtime - (SESSION_LIFETIME + timedelta(1)).total_seconds()
    os.utime(path, (long_ago, long_ago))
    third = home.secret_keys()[0]
    run = kwip("secrets", "rotate", "--json")
    assert home.secret_keys()[1:] == (third,)
    assert run.json == {"accepted": 2, "removed": 2}


def test_a_key_that_others_know_is_revoked_at_once(kwip, home):
    [known] = home.secret_keys()

    kwip("secrets", "rotate", "--revoke")
    [second] = home.secret_keys()
    kwip("secrets", "rotate", "--revoke")

    assert len(home.secret_keys()) == 1
    assert known not in home.secret_keys()
    # What they encrypted is still to be read, until a worker has started.
    assert retired_keys(home) == (second, known)


def test_a_key_in_the_environment_is_not_changed(kwip_in, environ):
    run = kwip_in({**environ, "KWIP_SECRET_KEY": GIVEN}, "secrets", "rotate")

    assert run.code == 2
    assert "KWIP_SECRET_KEY is set" in run.err
    assert GIVEN not in run.err


@pytest.mark.parametrize("command", ["rotate", "rotate-mongodb"])
def test_no_secret_is_made_in_a_folder_where_kwip_never_ran(
    kwip_in, environ, tmp_path, command
):
    nowhere = tmp_path / "typo"
    own = {**environ, "KWIP_HOME": str(nowhere)}
    del own["KWIP_MONGODB_URI"]

    run = kwip_in(own, "secrets", command)

    assert (run.code, f"KWIP_HOME={nowhere}" in run.err) == (2, True)
    assert not nowhere.exists()


def test_the_password_of_another_mongodb_is_not_changed(kwip, home):
    run = kwip("secrets", "rotate-mongodb")

    assert run.code == 2
    assert "KWIP_MONGODB_URI is set" in run.err
    assert not (home.root / "secrets" / "mongodb.next").exists()
