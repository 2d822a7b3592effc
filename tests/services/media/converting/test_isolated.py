"""Work in a child process: whatever it does, its parent goes on, and gets room back."""

from __future__ import annotations

import fcntl
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from kwip.domain.errors import StoreUnavailableError
from kwip.services.media.converting.isolated import FailedError, Isolated, Limits
from tests.servers import wait_until
from tests.services.media.converting import odd_work

LIMITS = {"memory_bytes": 200_000_000, "cpu_s": 1}


@pytest.fixture
def make():
    """Return a function that makes a parent with some limits."""
    made = []

    def make(**limits):
        made.append(
            Isolated(
                "tests.services.media.converting.odd_work", Limits(**(LIMITS | limits))
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def ask(parent, do, content=b"", **question):
    return parent.run({"do": do, **question}, io.BytesIO(content))


def pid_of(parent):
    return ask(parent, "reverse")[0]["pid"]


def test_a_child_answers_one_job_after_the_other(make):
    parent = make()
    content = bytes(range(256)) * 50_000

    first, [reverse] = ask(parent, "reverse", content)
    second, [nothing] = ask(parent, "reverse")
    assert first == second, "the same child"
    assert reverse == content[::-1]
    assert nothing == b""


def test_a_file_is_read_from_its_beginning(make):
    file = io.BytesIO(b"abc")
    file.read(2)

    assert make().run({"do": "reverse"}, file)[1] == [b"cba"]


@pytest.mark.parametrize(
    "job",
    [
        {"do": "take_memory", "bytes": 300_000_000},
        {"do": "crash"},
        {"do": "fail"},
        {"do": "claim"},
        {"do": "chatter"},
        {"do": "many"},
    ],
    ids=lambda job: job["do"],
)
def test_a_job_that_its_child_does_not_survive_fails_alone(make, job):
    parent = make()
    before = pid_of(parent)
    with pytest.raises(FailedError):
        parent.run(job, io.BytesIO())

    assert not psutil.pid_exists(before)
    assert pid_of(parent) != before


def test_a_job_whose_child_is_killed_is_tried_once_more(make, tmp_path):
    once, twice = tmp_path / "once", tmp_path / "twice"
    once.mkdir()
    twice.mkdir()
    parent = make()

    assert ask(parent, "be_killed", folder=str(once), times=1) == ({}, [])
    with pytest.raises(StoreUnavailableError, match="interrupted") as caught:
        ask(parent, "be_killed", folder=str(twice), times=3)
    assert caught.value.retry_after_s == 5.0
    assert len(list(twice.iterdir())) == 2


def test_a_job_that_loops_ends(make):
    parent = make(cpu_s=0)
    with pytest.raises(FailedError):
        ask(parent, "burn")


def test_memory_up_to_the_limit_is_given(make):
    assert ask(make(), "take_memory", bytes=50_000_000)[0] == {"size": 50_000_000}


def test_a_child_writes_no_file(make, tmp_path):
    file = tmp_path / "file"
    with pytest.raises(FailedError):
        ask(make(), "write", path=str(file), bytes=1)

    assert not file.exists() or file.stat().st_size == 0


def test_a_child_writes_files_as_large_as_it_may(make, tmp_path):
    parent = make(file_bytes=1_000)
    ask(parent, "write", path=str(tmp_path / "small"), bytes=1_000)
    with pytest.raises(FailedError):
        ask(parent, "write", path=str(tmp_path / "large"), bytes=1_001)

    assert (tmp_path / "small").stat().st_size == 1_000
    assert (tmp_path / "large").stat().st_size <= 1_000


def test_a_job_that_hangs_ends_and_can_be_tried_again(make):
    parent = make(job_s=1.0)
    before = pid_of(parent)
    with pytest.raises(StoreUnavailableError) as caught:
        ask(parent, "wait", s=60)

    assert caught.value.retry_after_s == 5.0
    assert not psutil.pid_exists(before)


def test_a_child_that_has_nothing_to_do_ends(make):
    parent = make(idle_s=0.05)
    before = pid_of(parent)
    wait_until(lambda: not psutil.pid_exists(before))

    assert pid_of(parent) != before


def test_a_child_ends_with_its_parent(make):
    parent = make()
    child = psutil.Process(pid_of(parent))
    parent._child.stdin.close()
    wait_until(lambda: child.status() == psutil.STATUS_ZOMBIE)


def test_a_child_ends_with_its_parent_even_during_a_job():
    """A job may take long, and keeps others of its kind waiting."""
    code = (
        "import io, sys\n"
        "from kwip.services.media.converting.isolated import Isolated, Limits\n"
        "limits = Limits(memory_bytes=200_000_000)\n"
        "parent = Isolated('tests.services.media.converting.odd_work', limits)\n"
        "print(parent.run({'do': 'reverse'}, io.BytesIO())[0]['pid'], flush=True)\n"
        "parent.run({'do': 'wait', 's': 600}, io.BytesIO())\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        wait_until(child.open_files)
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=10)

    assert not alive


def test_closing_does_not_wait_for_a_long_job_which_can_be_tried_again(make):
    parent = make(wait_s=0.05)
    before = pid_of(parent)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, parent, "wait", s=600)
        wait_until(parent._turn.locked)
        parent.close()
        with pytest.raises(StoreUnavailableError):
            waiting.result()

    assert not psutil.pid_exists(before)


def test_only_so_many_jobs_wait_and_the_next_is_told_to_come_back(make):
    parent = make(waiting=2)
    pid_of(parent)
    with parent._turn, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(pid_of, parent) for _ in range(2)]
        wait_until(lambda: parent._places._value == 0)
        with pytest.raises(StoreUnavailableError):
            pid_of(parent)
        parent._turn.release()
        assert len({each.result() for each in waiting}) == 1
        parent._turn.acquire()


def test_nobody_waits_for_ever_for_those_before(make):
    parent = make(wait_s=0.05)
    with parent._turn, pytest.raises(StoreUnavailableError):
        pid_of(parent)

    assert pid_of(parent)


def test_the_children_of_a_kind_work_one_after_the_other(make):
    """Else a site's pictures could take as much memory as it has web processes."""
    parent = make()
    child = psutil.Process(pid_of(parent))
    with Path(odd_work.__file__).open() as held, ThreadPoolExecutor(1) as pool:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = pool.submit(pid_of, parent)
        wait_until(child.open_files)
        assert not waiting.done()
        fcntl.flock(held, fcntl.LOCK_UN)

        assert waiting.result() == child.pid
