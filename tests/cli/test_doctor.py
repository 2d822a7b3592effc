"""What `kwip doctor` finds; tests/ops has it look at a real stack."""

from __future__ import annotations

import pytest

from kwip import telemetry
from kwip.cli.doctor import _silent
from kwip.domain.clock import system_clock_ms
from kwip.embedded.home_folder import HomeFolder


@pytest.fixture
def findings(tmp_path, monkeypatch):
    """Return a function of the age of each heartbeat, in seconds."""

    def find(**ages):
        now = system_clock_ms() / 1_000
        beats = {loop: now - age for loop, age in ages.items()}
        monkeypatch.setattr(telemetry, "heartbeats", lambda *_: beats)
        return list(_silent(HomeFolder(tmp_path), {"sweeper", "jobs"}))

    return find


def test_loops_that_beat_are_no_finding(findings):
    assert findings(sweeper=1, jobs=29) == []


def test_a_loop_that_is_silent_or_missing_is_a_finding(findings, tmp_path):
    see = f"look for `loop_failed` in {tmp_path}/logs"

    assert findings(sweeper=31, change_stream=60) == [
        f"change_stream: no heartbeat for 60 s: {see}",
        f"jobs: no heartbeat: {see}",
        f"sweeper: no heartbeat for 31 s: {see}",
    ]
