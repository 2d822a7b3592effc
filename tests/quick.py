"""What every test pays for and none is about, made quick in the process of the tests.

Processes that a test starts are as they always are.
"""

from __future__ import annotations

import argon2
import jinja2
from flask import Flask
from werkzeug.routing import Rule

from kwip.services.accounts import passwords

_compile_builder = Rule._compile_builder


def make_quick():
    """Take out what a new app and a new person cost beside their work."""
    passwords.PasswordHasher = _cheap_hasher
    Rule._compile_builder = _compiled_when_needed
    Flask.jinja_options = {"bytecode_cache": _Compiled()}


def _cheap_hasher(**_):
    """Hash as Kwip does, at the least cost that there is."""
    return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _compiled_when_needed(rule, append_unknown=True):  # noqa: FBT002 - as Werkzeug has it
    """Compile what builds a route's addresses when the first is built.

    An app has some hundreds, of which a test needs few.
    """
    compiled = []

    def build(self, **values):
        if not compiled:
            compiled.append(_compile_builder(rule, append_unknown))
        return compiled[0](self, **values)

    return build


class _Compiled(jinja2.BytecodeCache):
    """Templates that an earlier app of this process has compiled."""

    def __init__(self):
        self._code = {}

    def load_bytecode(self, bucket):
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self._code[bucket.key, bucket.checksum] = bucket.code
