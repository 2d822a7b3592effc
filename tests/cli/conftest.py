"""Commands as an operator runs them, on the shared servers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import structlog
from click.testing import CliRunner

from kwip import cli
from kwip.wiring import Options, build


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document that `--json` prints."""
        [line] = self.out.splitlines()
        document: dict[str, Any] = json.loads(line)
        return document


@pytest.fixture
def environ(endpoints, tmp_path):
    """Return the environment of a command that is to find the test's servers."""
    found = urlsplit(endpoints.mongodb_uri)
    mongodb = found._replace(
        path=f"/{endpoints.database}", query=f"{found.query}&authSource=admin"
    )
    return {
        "KWIP_HOME": str(tmp_path / "home"),
        "KWIP_MONGODB_URI": urlunsplit(mongodb),
        "KWIP_REDIS_CACHE_URI": endpoints.redis_cache_uri,
        "KWIP_REDIS_QUEUE_URI": endpoints.redis_queue_uri,
        "KWIP_REDIS_REALTIME_URI": endpoints.redis_realtime_uri,
    }


@pytest.fixture
def kwip_in():
    """Return a function that runs a command in an environment, in this process.

    It gives the exit code and what was printed.
    """

    def run(environ, *arguments, stdin=""):
        runner = CliRunner(env=environ)
        with runner.isolation(input=stdin) as (out, err, _):
            code = cli._run([str(argument) for argument in arguments])
            printed = out.getvalue().decode(), err.getvalue().decode()
        return Run(code, *printed)

    yield run
    structlog.reset_defaults()


@pytest.fixture
def kwip(kwip_in, environ):
    """Return a function that does so on the shared servers."""
    return partial(kwip_in, environ)


@pytest.fixture
def wiring(settings, endpoints):
    """Return the parts of a worker whose bell is not heard, to look and to break."""
    made = build(
        settings, endpoints, role="worker", options=Options(enqueue=lambda *_: None)
    )
    yield made
    made.close()
