"""What programs log, each in a process of its own: logging is set up once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from config.logging import SparseTracebacks
from config.settings import PROJECT
from kwip.domain.errors import InvalidError
from kwip.schemas.pages import PageQuery

HEAD = """
import logging, structlog
from config.logging import configure
configure("info")
log = structlog.get_logger()
"""


def lines_of(program):
    run = subprocess.run(
        [sys.executable, "-c", HEAD + program],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_a_line_is_json_with_its_event_its_level_and_its_time():
    [line] = lines_of("log.info('post_created', post_id='1')")

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "post_created", "post_id": "1", "level": "info"}


def test_what_is_bound_to_the_context_is_on_every_line():
    program = """
structlog.contextvars.bind_contextvars(request_id="r1")
log.info("a")
logging.getLogger("some.library").warning("b")
"""

    assert [line["request_id"] for line in lines_of(program)] == ["r1", "r1"]


def test_libraries_log_in_the_same_form_with_their_traceback():
    program = """
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("gunicorn.error").exception("it %s", "broke")
"""
    [line] = lines_of(program)

    assert (line["event"], line["level"]) == ("it broke", "error")
    assert "ZeroDivisionError" in line["exception"]


def test_lines_below_the_level_are_not_written():
    program = """
log.debug("a")
logging.getLogger("some.library").debug("b")
logging.getLogger("pymongo.command").info("c")
"""

    assert lines_of(program) == []


def test_secrets_are_hidden_whoever_logs_them():
    [line] = lines_of("log.info('login', password='geheim', token='geheim', name='a')")

    assert (line["password"], line["token"], line["name"]) == ("…", "…", "a")


FAILING = """
def fail(number):
    try:
        if number % 2:
            {}["odd"]
        raise ValueError(f"{number} is even")
    except Exception:
        log.exception("it_failed", number=number)
"""


def test_the_traceback_of_one_place_is_written_once_in_a_while():
    lines = lines_of(FAILING + "for number in range(6): fail(number)")

    assert ["exception" in line for line in lines] == [True] * 2 + [False] * 4
    assert [line["number"] for line in lines] == [0, 1, 2, 3, 4, 5]
    assert lines[4]["error"] == "ValueError: 4 is even"
    assert lines[4]["place"] == lines[0]["place"]
    assert lines[0]["place"] != lines[1]["place"]


def test_a_library_that_fails_often_writes_few_tracebacks_too():
    program = """
for number in range(3):
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("gunicorn.error").exception("it %s", "broke")
"""

    lines = lines_of(program)
    assert [line["event"] for line in lines] == ["it broke"] * 3
    assert ["exception" in line for line in lines] == [True, False, False]


def raised(depth=0):
    """Raise in one place, by ways of several lengths."""
    if depth:
        return raised(depth - 1)
    try:
        json.loads("{")
    except ValueError as error:
        return error


def test_a_later_traceback_says_how_many_were_left_out():
    now = [0.0]
    sparse = SparseTracebacks(every_s=60, clock=lambda: now[0])

    def log(at_s):
        now[0] = at_s
        return sparse(None, "error", {"event": "it_failed", "exc_info": raised(2)})

    first, second, third, fourth, fifth = map(log, (0.0, 1.0, 59.0, 60.0, 61.0))
    assert ["exc_info" in line for line in (first, second, third, fourth, fifth)] == [
        *(True, False, False, True, False),
    ]
    assert fourth["tracebacks_left_out"] == 2
    assert "tracebacks_left_out" not in first


def test_a_place_is_the_last_line_of_ours():
    line = SparseTracebacks()(None, "error", {"exc_info": raised()})

    assert line["place"].startswith("json/decoder.py:")
    with pytest.raises(InvalidError) as refused:
        PageQuery().parse({"limit": "many"})
    line = SparseTracebacks()(None, "error", {"exc_info": refused.value})
    assert line["place"].startswith("kwip/schemas/body.py:")


def test_lines_without_an_error_stay_as_they_are():
    sparse = SparseTracebacks()

    for event in ({"event": "a"}, {"event": "a", "exc_info": None}):
        assert sparse(None, "info", dict(event)) == event


def test_the_places_that_are_remembered_are_bounded():
    sparse = SparseTracebacks(most=3)
    for number in range(9):
        error = type(f"Error{number}", (Exception,), {})()
        sparse(None, "error", {"exc_info": error})

    assert len(sparse._written) <= 3


def test_a_line_that_cannot_be_written_is_no_error(tmp_path):
    program = """
log.info("a")
logging.getLogger("some.library").warning("b")
print("still here", file=sys.stderr)
"""
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-c", f"import sys\n{HEAD}{program}"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=PROJECT,
        )

    assert (run.returncode, run.stderr) == (0, "still here\n")


def test_after_a_line_that_was_cut_off_the_next_one_stands_on_its_own(tmp_path):
    program = """
import resource
log.info("whole")
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (150, hard))
log.info("cut", words="x" * 100)
log.info("lost")
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
log.info("again")
"""
    written = tmp_path / "log"
    with written.open("w") as file:
        subprocess.run(
            [sys.executable, "-c", HEAD + program], stdout=file, check=True, cwd=PROJECT
        )
    first, torn, last = written.read_text().splitlines()

    assert (json.loads(first)["event"], json.loads(last)["event"]) == ("whole", "again")
    assert torn.startswith('{"words": "xxx')
