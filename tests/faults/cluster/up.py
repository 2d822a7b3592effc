"""`kwip cluster up` as it is, but for what a run takes out of its programs."""

from __future__ import annotations

import dataclasses

from kwip import cli
from kwip.cli import cluster

_INSTEAD = {"wsgi:app": "tests.faults.web:app", "kwip.worker": "tests.faults.work"}
_program, _mongod_children = cluster.program, cluster.mongod_children


def program(settings, role, *module):
    child = _program(settings, role, *module)
    argv = [_INSTEAD.get(word, word) for word in child.argv]
    # Workers log each chunk that they have delivered.
    level = {"KWIP_LOG_LEVEL": "info"} if role == "worker" else {}
    return dataclasses.replace(child, argv=argv, environ={**child.environ, **level})


def mongod_children(*arguments):
    """Let members stop copying when a fault asks for it."""
    enabled = ("--setParameter", "enableTestCommands=1")
    return [
        dataclasses.replace(child, argv=[*child.argv, *enabled])
        for child in _mongod_children(*arguments)
    ]


if __name__ == "__main__":
    cluster.program = program
    cluster.mongod_children = mongod_children
    cli.kwip(["cluster", "up"])
