"""Settings from a file and the environment, and what `kwip settings` says of them."""

from __future__ import annotations

import os

import pytest

from config.environment import read_env_file
from config.example import example
from config.settings import rules
from kwip.embedded.children import locked
from kwip.embedded.home_folder import HomeFolder


@pytest.fixture
def own_environ(monkeypatch):
    """Keep what a command adds to the environment out of the next test."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file of settings."""

    def write(text):
        path = tmp_path / "kwip.env"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def settings(kwip_in, tmp_path, own_environ):
    """Return a function that gives what is in force: value and source by variable."""

    def show(*before, **environ):
        home = {"KWIP_HOME": str(tmp_path / "home")}
        run = kwip_in({**home, **environ}, *before, "settings", "--json")
        assert run.code == 0, run.err
        rows = {row["variable"]: row for row in run.json["settings"]}
        return {name: (row["value"], row["source"]) for name, row in rows.items()}, run

    return show


def test_a_file_gives_what_the_environment_lacks(settings, file):
    path = file("# a comment\n\nKWIP_PORT=8100\nKWIP_BIND='::1'\nKWIP_SIGNUP=closed\n")
    shown, _ = settings("--env-file", path, KWIP_SIGNUP="open")

    assert shown["KWIP_PORT"] == ("8100", f"{path}:3")
    assert shown["KWIP_BIND"] == ("::1", f"{path}:4")
    assert shown["KWIP_SIGNUP"] == ("open", "environment")
    assert shown["KWIP_LIVE_PORT"] == ("8101", "default")
    assert shown["KWIP_MONGODB_URI"] == (None, "default")
    assert os.environ["KWIP_PORT"] == "8100"  # for the programs that a command starts


def test_secrets_are_not_shown(settings):
    key = "3f9c1b7a8e5d2046af3b9c8d7e6f5a41"
    shown, run = settings(
        KWIP_SECRET_KEY=key,
        KWIP_MONGODB_URI="mongodb://kwip:geheim@host/kwip?replicaSet=rs0",
        KWIP_REDIS_CACHE_URIS="cache=redis://:geheim@one,b=redis://:geheim@two",
        KWIP_MEDIA_STORE_URI="s3://key:geheim@s3.example.org/bucket",
        KWIP_MEDIA_PURGE_URI="https://:geheim@cdn.example.org/purge",
        KWIP_SMTP_URI="smtp://kwip%40example.org:geheim@smtp.example.org:587",
    )

    assert "geheim" not in run.out
    assert key not in run.out
    assert shown["KWIP_SMTP_URI"][0] == "smtp://smtp.example.org:587"
    assert shown["KWIP_SECRET_KEY"][0].startswith("sha256:")
    assert shown["KWIP_MONGODB_URI"][0] == "mongodb://host/kwip?replicaSet=rs0"
    assert shown["KWIP_REDIS_CACHE_URIS"][0] == "cache=redis://one,b=redis://two"


def test_what_is_no_setting_is_a_warning(settings, file):
    path = file("KWIP_PROT=8100\nOTHER=x\n")
    _, run = settings("--env-file", path, KWIP_QUOTAS="0")

    assert run.err.splitlines() == [
        f"kwip: warning: {path}:1: KWIP_PROT is not a setting: did you mean KWIP_PORT?",
        "kwip: warning: KWIP_QUOTAS is not a setting: did you mean KWIP_QUOTA_RESET?",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("KWIP_PORT", "must be NAME=value, without spaces around the `=`"),
        ("KWIP_PORT = 1", "must be NAME=value, without spaces around the `=`"),
        ("export KWIP_PORT=1", "remove `export`: this file is not a shell script"),
        ('KWIP_PORT="1', "KWIP_PORT: must have no quotes"),
        ("KWIP_PORT=many", "KWIP_PORT=many: must be a free port"),
        ("KWIP_BIND=::1\nKWIP_BIND=::2", "KWIP_BIND is already set in line 2"),
    ],
)
def test_an_error_in_a_file_names_its_line(kwip_in, file, own_environ, line, problem):
    path = file(f"\n{line}\n")
    number = len(line.splitlines()) + 1
    run = kwip_in({}, "--env-file", path, "settings")

    assert run.code == 2
    assert run.err.startswith(f"kwip: {path}:{number}: {problem}")


def test_a_file_that_is_not_there_is_named(kwip_in, tmp_path):
    run = kwip_in({}, "--env-file", tmp_path / "none.env", "settings")

    assert run.code == 2
    assert run.err.startswith(f"kwip: {tmp_path}/none.env: cannot be read: No such")


def test_the_example_has_every_setting(file):
    lines = [line.removeprefix("#") for line in example().splitlines()]
    named = [line for line in lines if line.startswith("KWIP_")]
    found = read_env_file(file("\n".join(named)))

    assert set(found.values) == {rule.variable for rule in rules().values()}


def test_a_noted_address_counts_while_the_stack_runs_and_no_port_is_set(
    settings, tmp_path
):
    home = HomeFolder(tmp_path / "home")
    home.make_folders()
    home.note_address({"bind": "127.0.0.1", "port": 8_100, "live_port": 8_101})

    assert settings()[0]["KWIP_PORT"] == ("8000", "default")
    with locked(home):
        assert settings()[0]["KWIP_PORT"] == ("8100", "running stack")
        assert settings(KWIP_PORT="8200")[0]["KWIP_PORT"] == ("8200", "environment")
