"""What `kwip doctor` and a start find; tests/ops has them look at a real stack."""

from __future__ import annotations

import socket

import pytest

from config.draining import draining_mark
from kwip import telemetry
from kwip.cli.doctor import _left_out, _silent, ask_mail, ask_programs
from kwip.cli.starting import prepare
from kwip.domain.clock import system_clock_ms
from kwip.embedded.home_folder import HomeFolder
from kwip.nginx import upstreams
from tests.servers import settings_in


@pytest.fixture
def findings(tmp_path, monkeypatch):
    """Return a function of the age of each heartbeat, in seconds."""

    def find(**ages):
        now = system_clock_ms() / 1_000
        beats = {loop: now - age for loop, age in ages.items()}
        monkeypatch.setattr(telemetry, "heartbeats", lambda *_: beats)
        return list(_silent(HomeFolder(tmp_path), {"sweeper", "jobs"}))

    return find


def test_a_bucket_that_cannot_be_used_stops_the_start_without_the_key(
    monkeypatch, tmp_path
):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        place = f"127.0.0.1:{unused.getsockname()[1]}/files?tls=0"
    monkeypatch.setenv("KWIP_HOME", str(tmp_path))
    monkeypatch.setenv("KWIP_MEDIA_STORE_URI", f"s3://key:geheim@{place}")

    with pytest.raises(SystemExit) as ended:
        prepare.main()

    why = str(ended.value.code)
    assert why.startswith(f"KWIP_MEDIA_STORE_URI: s3://{place} cannot write to")
    assert "Check that the server runs" in why
    assert "geheim" not in why


def test_loops_that_beat_are_no_finding(findings):
    assert findings(sweeper=1, jobs=29) == []


def test_a_loop_that_is_silent_or_missing_is_a_finding(findings, tmp_path):
    see = f"look for `loop_failed` in {tmp_path}/logs"

    assert findings(sweeper=31, change_stream=60) == [
        f"change_stream: no heartbeat for 60 s: {see}",
        f"jobs: no heartbeat: {see}",
        f"sweeper: no heartbeat for 31 s: {see}",
    ]


def test_a_server_that_drains_is_not_called_broken_and_others_name_their_logs(tmp_path):
    """Nothing listens on port 1."""
    settings = settings_in(tmp_path, KWIP_PORT="1", KWIP_LIVE_PORT="0")
    logs = [tmp_path / "logs" / f"web-{number}.log" for number in (1, 2)]
    logs[0].parent.mkdir()
    for log in logs:
        log.touch()

    [web] = ask_programs(settings)
    assert web.answer.detail.endswith(f"see {logs[0]}, {logs[1]}")

    draining_mark(tmp_path).parent.mkdir()
    draining_mark(tmp_path).touch()
    [web] = ask_programs(settings)
    assert (web.answer.is_ok, web.answer.detail[:9]) == (False, "draining:")


def test_a_server_that_nginx_leaves_out_is_a_finding(tmp_path):
    home, servers = HomeFolder(tmp_path), ("10.0.0.1:8000", "10.0.0.2:8000")
    assert list(_left_out(home)) == []

    for pool in ("kwip_read", "kwip_write"):
        upstreams.write(home.upstreams, pool, upstreams.listing(servers))
        upstreams.mark(home.upstreams, pool, {servers[1]: True})

    [finding] = _left_out(home)
    assert finding.startswith("10.0.0.2:8000: nginx sends it nothing")


def test_the_doctor_says_where_mail_goes_and_that_a_server_does_not_answer(tmp_path):
    folder = ask_mail(settings_in(tmp_path)).row()
    uri = "smtp://kwip:geheim@127.0.0.1:1"
    server = ask_mail(settings_in(tmp_path, KWIP_SMTP_URI=uri)).row()

    assert folder["ok"]
    assert folder["detail"].endswith(f"only written to {tmp_path}/mail")
    assert not server["ok"]
    assert server["uri"] == "smtp://127.0.0.1:1"
    assert "geheim" not in str(server)
