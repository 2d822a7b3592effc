"""What every test pays for and none is about, made quick in the process of the tests.

Processes that a test starts are as they always are.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile

import argon2
import jinja2
import psutil
from _pytest.assertion import rewrite
from flask import Flask

from config.settings import PROJECT
from kwip.blueprints import routes
from kwip.cache.client import Script
from kwip.services.accounts import passwords
from kwip.services.coherence.fence import Fence
from kwip.services.links import finder
from kwip.services.media.converting import pictures, videos
from tests.kept_children import KeptChildren

#: The servers and pages of a run store up to 3 GB there.
_ROOM = 8 * 1024**3

#: What a test about several processes puts back.
outlast_leases = Fence.outlast_leases


def make_quick():
    """Take out what a new app, client and person cost beside their work."""
    passwords.PasswordHasher = _cheap_hasher
    Fence.outlast_leases = lambda _: None
    Script.named = functools.cache(Script.named)
    routes.register = _once_for_all_apps(routes.register)
    Flask.jinja_options = {"bytecode_cache": _Compiled()}
    finder.Isolated = pictures.Isolated = videos.Isolated = KeptChildren()


def store_in_memory():
    """Make temporary files in memory if there is room: databases wait for no disk.

    The processes of the tests and those that these start get it with `TMPDIR`.
    """
    folder = "/dev/shm"
    if "TMPDIR" in os.environ or not os.access(folder, os.W_OK):
        return
    if min(shutil.disk_usage(folder).free, psutil.virtual_memory().available) > _ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = folder


def rewrite_a_share(config, number, of):
    """Compile tests as pytest does, each in one of several processes that load all.

    The processes begin at different tests, and leave out what another has compiled.
    """
    if sys.dont_write_bytecode:
        return
    tests = PROJECT / "tests"
    every = sorted([*tests.rglob("test_*.py"), *tests.rglob("conftest.py")])
    begin = len(every) * number // of
    for test in every[begin:] + every[:begin]:
        cache = rewrite.get_cache_dir(test)
        compiled = cache / f"{test.stem}{rewrite.PYC_TAIL}"
        if not compiled.exists():
            cache.mkdir(exist_ok=True)
            written, code = rewrite._rewrite_test(test, config)
            state = config.stash[rewrite.assertstate_key]
            rewrite._write_pyc(state, code, written, compiled)


def _cheap_hasher(**_):
    """Hash as Kwip does, at the least cost that there is."""
    return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _once_for_all_apps(register):
    """Make the map of the routes, which takes 20 ms, for the first app only.

    A test may add a route to the map; such a map is not used again.
    """
    made = [(None, 0, {}, {})]

    @functools.wraps(register)
    def register_quickly(app):
        url_map, size, blueprints, views = made[0]
        if url_map is not None and len(url_map._rules) == size:
            app.url_map = url_map
            app.blueprints.update(blueprints)
            app.view_functions = views | app.view_functions
        else:
            register(app)
            size = len(app.url_map._rules)
            parts = dict(app.blueprints), dict(app.view_functions)
            made[0] = app.url_map, size, *parts

    return register_quickly


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Keeps compiled templates for all apps, processes and later runs."""

    def __init__(self):
        folder = PROJECT / ".pytest_cache" / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(str(folder))
        self._loaded = {}

    def load_bytecode(self, bucket):
        key = bucket.key, bucket.checksum
        if key not in self._loaded:
            super().load_bytecode(bucket)
            if bucket.code is None:
                return
            self._loaded[key] = bucket.code
        bucket.code = self._loaded[key]
