"""The web server's settings, read by `gunicorn -c config/gunicorn.py wsgi:app`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from config.logging import configure, tree
from config.settings import from_environment

_settings = from_environment()
configure(_settings.log_level)

_host = f"[{_settings.bind}]" if ":" in _settings.bind else _settings.bind
bind = f"{_host}:{_settings.port}"
workers = _settings.web_workers
threads = _settings.web_threads
worker_class = "kwip.web_worker.WebWorker"
# The supervisor gives the whole web server 2.5 s to exit.
graceful_timeout = 2
# A search of 500 characters, each of them nine bytes when percent-encoded.
limit_request_line = 8_190
# Below the 60 s after which browsers and proxies close idle connections themselves.
keepalive = 30
# Heartbeat files in memory: on a busy disk they could be late.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
# No request header may say where the app is mounted, or which path was meant.
forwarder_headers = ""
# The app writes one line for each request, with its id.
accesslog = None
logconfig_dict = tree(_settings.log_level)


#: What the workers share.
modules = ("kwip.app", "kwip.embedded.served", "kwip.wiring")


def on_starting(arbiter: Any) -> None:
    """Let workers share memory, and a reload with SIGHUP start the new ones first."""
    arbiter.__class__ = import_module("kwip.web_arbiter").WebArbiter


def when_ready(arbiter: Any) -> None:
    """Import what the workers share before the first of them is started."""
    arbiter.begin(modules)
