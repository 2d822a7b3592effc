"""Logs are rotated while programs run, whoever writes them, and kept to a bound."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kwip.embedded import logs as rotation
from kwip.embedded.children import Child, end_group, spawn
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.logs import Logs
from tests.servers import wait_until

#: Numbers its lines, one for each line that it is sent.
WRITER = """
import sys
for number, _ in enumerate(iter(sys.stdin.readline, "")):
    print(number, flush=True)
"""


@pytest.fixture
def home(tmp_path):
    home = HomeFolder(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
def log(home):
    return home.logs / "web.log"


def archived(log, number=1):
    return gzip.decompress(log.with_name(f"web.log.{number}.gz").read_bytes())


def archives(log):
    return sorted(path.name for path in log.parent.iterdir() if path != log)


def test_a_program_goes_on_in_its_log_and_no_line_is_missing(log):
    logs = Logs(log.parent, 9, keep=9)
    log.touch()
    argv = [sys.executable, "-c", WRITER]
    with (
        log.open("ab") as stdout,
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=stdout) as program,
    ):
        for last in (10, 20):
            program.stdin.write(b"\n" * 10)
            program.stdin.flush()
            wait_until(lambda last=last: f"{last - 1}\n" in log.read_text())
            logs.rotate()
            assert log.read_bytes() == b""
        program.stdin.write(b"\n")
        program.stdin.close()

    assert log.read_text() == "20\n"
    lines = (archived(log, 2) + archived(log, 1)).decode().splitlines()
    assert lines == [str(number) for number in range(20)]


def test_a_log_that_is_small_is_left_alone(log):
    log.write_text("small\n")
    Logs(log.parent, 6, keep=1).rotate()

    assert log.read_text() == "small\n"
    assert archives(log) == []


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_so_many_compressed_logs_are_kept_and_the_newest_is_the_first(log, keep):
    for number in range(5):
        log.write_text(f"{number}\n" * 9)
        Logs(log.parent, 9, keep).rotate()

    assert archives(log) == [f"web.log.{n}.gz" for n in range(1, keep + 1)]
    assert [archived(log, n)[:1] for n in range(1, keep + 1)] == [b"4", b"3", b"2"][
        :keep
    ]
    assert log.read_bytes() == b""


def test_those_above_a_lowered_number_go(log):
    for number in (5, 3):
        for _ in range(5):
            log.write_text("x" * 10)
            Logs(log.parent, 9, number).rotate()

    assert archives(log) == [f"web.log.{n}.gz" for n in (1, 2, 3)]


def test_of_a_log_that_has_grown_far_too_large_the_end_is_kept(log):
    log.write_bytes(b"a" * 1_000 + b"b" * 40)
    Logs(log.parent, 10, keep=1).rotate()

    assert archived(log) == b"b" * 40


def full(*_, **__):
    raise OSError(28, "No space left on device")


def test_without_room_a_log_is_kept_until_it_is_far_too_large(log, monkeypatch):
    monkeypatch.setattr(rotation.gzip, "open", full)
    other = log.with_name("live.log")
    log.write_bytes(b"x" * 40)
    other.write_bytes(b"x" * 41)
    Logs(log.parent, 10, keep=1).rotate()

    assert log.stat().st_size == 40
    assert other.stat().st_size == 0
    assert archives(log) == ["live.log"]


def test_what_is_no_log_of_ours_stays(log):
    for name in ("notes.txt", "web.log.old.gz", "web.log.1"):
        (log.parent / name).write_text("x" * 100)
    log.write_text("x" * 100)
    Logs(log.parent, 10, keep=1).rotate()

    assert archives(log) == ["notes.txt", "web.log.1", "web.log.1.gz", "web.log.old.gz"]


def test_a_child_appends_to_its_log_so_that_it_can_be_cut(home):
    process = spawn(Child(role="web", argv=["/bin/sleep", "60"]), home)
    try:
        flags = Path(f"/proc/{process.pid}/fdinfo/1").read_text().splitlines()[1]
    finally:
        end_group(process)
        process.wait()

    assert int(flags.removeprefix("flags:"), 8) & os.O_APPEND
