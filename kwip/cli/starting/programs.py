"""How Kwip's own programs are started, by `kwip up` and by `kwip serve`."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

from config.settings import PROJECT, rules
from kwip.embedded.children import Child
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings

#: The module of each role, with its arguments.
ROLES: Mapping[str, tuple[str, ...]] = {
    "web": ("gunicorn", "-c", "config/gunicorn.py", "wsgi:app"),
    "live": ("gunicorn", "-c", "config/live.py", "wsgi_live:app"),
    "worker": ("kwip.worker", "jobs"),
    "sweeper": ("kwip.worker", "sweeper"),
}

#: The variable with the digest of what a web server loads once, at its start.
LOADED = "KWIP_LOADED"
#: What gunicorn's arbiter imports; its workers import the rest themselves.
_ARBITER = ("config/*.py", "kwip/__init__.py", "kwip/web_worker.py", "requirements.txt")


def loaded_digest() -> str:
    """Return what changes if a web server must be restarted instead of reloaded."""
    found = hashlib.sha256()
    for pattern in _ARBITER:
        for path in sorted(PROJECT.glob(pattern)):
            found.update(path.read_bytes())
    return found.hexdigest()


def program(settings: Settings, role: str, *module: str) -> Child:
    """Return a Python program of ours, with the settings as we read them.

    It is the one of the role, or else `module` with its arguments. It runs in another
    folder, so relative paths are passed on as absolute ones.
    """
    paths = {
        rules()[name].variable: str(value)
        for name in ("home", "media_folder", "mongod", "valkey")
        if (value := getattr(settings, name)) is not None
    }
    environ = {
        **paths,
        LOADED: loaded_digest(),
        "PROMETHEUS_MULTIPROC_DIR": str(HomeFolder(settings.home).metrics),
        # Otherwise each thread would keep an arena of memory and never free it.
        "MALLOC_ARENA_MAX": "2",
    }
    argv = [sys.executable, "-m", *(module or ROLES[role])]
    return Child(role=role, argv=argv, environ=environ)
