"""What programs log, each in a process of its own: logging is set up once."""

from __future__ import annotations

import json
import subprocess
import sys

from config.settings import PROJECT

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
