"""The live process's settings, read by `gunicorn -c config/live.py wsgi_live:app`.

One process with a greenlet for each request, so that thousands may wait. Its parts
are those of the web server; gunicorn's worker patches the standard library before it
imports them.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any

import gevent
from gunicorn.workers.ggevent import GeventWorker

from config import gunicorn as web
from config.logging import tree
from config.settings import from_environment

if TYPE_CHECKING:
    from types import FrameType

_settings = from_environment()


#: If the process has not completed its loop for this long, it is killed and restarted.
HUNG_S = 30


class Worker(GeventWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's worker, but on exit it answers the requests that wait."""

    def notify(self) -> None:
        """Reset the alarm, once a second; nothing else watches this process."""
        signal.alarm(HUNG_S)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Accept no more requests, and answer those that wait."""
        super().handle_exit(sig, frame)
        # Already imported if anything waits; in a greenlet, because it takes locks.
        app = sys.modules.get("wsgi_live")
        if app is not None:
            gevent.spawn(app.close)


bind = web.bind.removesuffix(str(_settings.port)) + str(_settings.live_port)
workers = 1
worker_class = Worker
# Each waits on its own connection (`kwip.services.delivery.long_polls.MOST_WAITING`);
# the next setting bounds the memory.
worker_connections = 10_000
_most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (_most, _most))
backlog = 2_048
# The supervisor gives it 2.5 s; gunicorn checks once a second.
graceful_timeout = 2
# A page polls again at once, so a connection idle for longer belongs to a hidden tab.
keepalive = 5
worker_tmp_dir = web.worker_tmp_dir
control_socket_disable = True
forwarder_headers = web.forwarder_headers
accesslog = None
logconfig_dict = tree(_settings.log_level)


def when_ready(arbiter: Any) -> None:
    """Run the only worker in this process: a separate arbiter would take 17 MB.

    The supervisor restarts this process if it exits.
    """
    worker = Worker(
        1,
        os.getppid(),
        arbiter.LISTENERS,
        arbiter.app,
        arbiter.timeout,
        arbiter.cfg,
        arbiter.log,
    )
    worker.pid = os.getpid()
    worker.init_process()
    sys.exit(0)
