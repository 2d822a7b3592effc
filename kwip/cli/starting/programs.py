"""How Kwip's own programs are started, by `kwip up` and by `kwip serve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from config.settings import rules
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
        "PROMETHEUS_MULTIPROC_DIR": str(HomeFolder(settings.home).metrics),
        # Otherwise each thread would keep an arena of memory and never free it.
        "MALLOC_ARENA_MAX": "2",
    }
    argv = [sys.executable, "-m", *(module or ROLES[role])]
    return Child(role=role, argv=argv, environ=environ)
