"""Real processes on a test's servers: gunicorn with some workers, and job workers."""

from __future__ import annotations

import socket
import subprocess
import sys
from urllib.request import urlopen

from kwip.embedded.children import Child, end_group, spawn
from kwip.embedded.home_folder import HomeFolder
from tests.faults.sabotage import VARIABLE
from tests.servers import no_quotas, wait_until


class Site:
    """One web server with some processes, and some job workers with sweepers."""

    def __init__(
        self, endpoints, home, *, webs=2, workers=1, without="nothing", **environ
    ):
        mongodb_uri = endpoints.mongodb_uri.replace(
            "/?", f"/{endpoints.database}?authSource=admin&"
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._home = HomeFolder(home)
        self._home.prepare()
        self.environ = {
            **no_quotas(),
            "KWIP_HOME": str(home),
            "KWIP_LINK_PREVIEWS": "off",
            "KWIP_PORT": str(self.port),
            "KWIP_LIVE_PORT": "0",
            "KWIP_WEB_WORKERS": str(webs),
            "KWIP_WEB_THREADS": "4",
            "KWIP_WORKER_THREADS": "2",
            "KWIP_LOG_LEVEL": "warning",
            "KWIP_MONGODB_URI": mongodb_uri,
            "KWIP_REDIS_CACHE_URI": endpoints.redis_cache_uri,
            "KWIP_REDIS_QUEUE_URI": endpoints.redis_queue_uri,
            "KWIP_REDIS_REALTIME_URI": endpoints.redis_realtime_uri,
            # It repeats the drops that are left out, a moment later.
            "KWIP_CACHE_CHANGE_STREAM": "1" if without == "nothing" else "0",
            VARIABLE: without,
            **environ,
        }
        gunicorn = ("gunicorn", "-c", "config/gunicorn.py", "tests.faults.web:app")
        self._processes = [
            self._start("web", *gunicorn),
            *(self._start(f"job-{n}", "tests.faults.work") for n in range(workers)),
        ]
        try:
            wait_until(self._answers, within_s=120)
        except AssertionError:
            self.stop()
            raise

    def check(self):
        """Fail with the log unless every process that was started still runs."""
        ended = [p for p in self._processes if p.poll() is not None]
        logs = (log.read_text()[-4_000:] for log in self._home.logs.iterdir())
        assert not ended, "\n".join(logs)

    def stop(self):
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                end_group(process)
                process.wait()

    def _start(self, role, *module):
        """Start a process that the kernel ends with this one."""
        argv = [sys.executable, "-m", *module]
        return spawn(Child(role=role, argv=argv, environ=self.environ), self._home)

    def _answers(self):
        self.check()
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False
