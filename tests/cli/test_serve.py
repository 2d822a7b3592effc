"""What keeps a role from starting; tests/ops starts some."""

from __future__ import annotations

import socket

import pytest

from config.addresses import role_metrics_port
from kwip.embedded.children import locked
from kwip.embedded.home_folder import HomeFolder


def test_servers_that_are_not_set_are_named(kwip_in, environ):
    home = {"KWIP_HOME": environ["KWIP_HOME"]}
    cache = {"KWIP_REDIS_CACHE_URI": environ["KWIP_REDIS_CACHE_URI"]}
    run = kwip_in({**home, **cache}, "serve", "web")

    assert run.code == 2
    assert run.err == (
        "kwip: KWIP_MONGODB_URI, KWIP_REDIS_QUEUE_URI, KWIP_REDIS_REALTIME_URI:"
        " must be set, because only `kwip up` starts servers\n"
    )


@pytest.mark.parametrize(
    ("role", "variable"),
    [
        ("web", "KWIP_PORT"),
        ("live", "KWIP_LIVE_PORT"),
        ("worker", "KWIP_METRICS_PORT"),
    ],
)
def test_a_port_of_the_role_that_is_taken_is_named(kwip_in, environ, role, variable):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = kwip_in({**environ, variable: str(port)}, "serve", role)

    assert run.code == 2
    assert run.err.startswith(f"kwip: {variable}={port}: port {port} on 127.0.0.1 is")


def test_a_redis_that_is_away_is_a_warning_and_a_wrong_password_is_not(
    kwip_in, environ
):
    away = {**environ, "KWIP_REDIS_QUEUE_URI": "redis://127.0.0.1:1/0"}
    wrong = environ["KWIP_REDIS_CACHE_URI"].replace("://:", "://:x")
    runs = [
        kwip_in({**away, **more, "KWIP_LIVE_PORT": "0"}, "serve", "live")
        for more in ({}, {"KWIP_REDIS_CACHE_URI": wrong})
    ]
    [warning, _] = runs[0].err.splitlines()
    [error] = runs[1].err.splitlines()

    assert warning.startswith(
        "kwip: warning: KWIP_REDIS_QUEUE_URI: redis://127.0.0.1:1"
    )
    assert error.startswith("kwip: KWIP_REDIS_CACHE_URI: ")
    assert error.endswith("rejects the password, or needs one")


def test_a_live_role_needs_a_port(kwip_in, environ):
    run = kwip_in({**environ, "KWIP_LIVE_PORT": "0"}, "serve", "live")

    assert run.code == 2
    assert "KWIP_LIVE_PORT=0: must be a port" in run.err


def test_a_role_does_not_start_in_the_home_of_a_supervisor(kwip, tmp_path):
    home = HomeFolder(tmp_path / "home")
    home.make_folders()
    with locked(home):
        run = kwip("serve", "worker")

    assert run.code == 2
    assert "`kwip up` already runs in" in run.err


def test_roles_of_one_machine_have_neighbouring_ports_for_metrics():
    roles = ("web", "live", "worker", "sweeper")

    assert [role_metrics_port(9_000, role) for role in roles] == [*range(9_000, 9_004)]
    assert role_metrics_port(65_535, "live") == 63_536
