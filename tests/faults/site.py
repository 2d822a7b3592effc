"""Real processes on a test's servers: gunicorn with some workers, and job workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from tests.faults.sabotage import VARIABLE
from tests.servers import no_quotas, wait_until

ROOT = Path(__file__).parents[2]


class Site:
    """One web server with some processes, and some job workers with sweepers."""

    def __init__(self, endpoints, home, *, webs=2, workers=1, without="nothing"):
        mongodb_uri = endpoints.mongodb_uri.replace(
            "/?", f"/{endpoints.database}?authSource=admin&"
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log = (home / "site.log").open("wb")
        self._environ = {
            **os.environ,
            **no_quotas(),
            "KWIP_HOME": str(home),
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
            "KWIP_CACHE_RELAY": "1" if without == "nothing" else "0",
            VARIABLE: without,
        }
        gunicorn = (
            "-m",
            "gunicorn",
            "-c",
            "config/gunicorn.py",
            "tests.faults.web:app",
        )
        self._processes = [self._start(*gunicorn)]
        self._processes += [
            self._start("-m", "tests.faults.work") for _ in range(workers)
        ]
        wait_until(self._answers, within_s=60)

    def check(self):
        """Fail with the log unless every process that was started still runs."""
        ended = [p for p in self._processes if p.poll() is not None]
        assert not ended, Path(self._log.name).read_text()

    def stop(self):
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()

    def _start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=self._environ,
            cwd=ROOT,
            stdout=self._log,
            stderr=self._log,
        )

    def _answers(self):
        self.check()
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False
