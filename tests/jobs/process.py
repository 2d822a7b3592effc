"""A worker's process, to watch and to mistreat."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from config.settings import PROJECT


class Process:
    """`python -m kwip.worker` on the test's servers."""

    def __init__(self, endpoints, home, *arguments, log=os.devnull):
        mongodb_uri = endpoints.mongodb_uri.replace(
            "/?", f"/{endpoints.database}?authSource=admin&"
        )
        environ = os.environ | {
            "KWIP_HOME": str(home),
            "KWIP_LINK_PREVIEWS": "off",
            "KWIP_MONGODB_URI": mongodb_uri,
            "KWIP_REDIS_CACHE_URI": endpoints.redis_cache_uri,
            "KWIP_REDIS_QUEUE_URI": endpoints.redis_queue_uri,
            "KWIP_REDIS_REALTIME_URI": endpoints.redis_realtime_uri,
        }
        with Path(log).open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kwip.worker", *arguments],
                env=environ,
                cwd=PROJECT,
                stdout=output,
                stderr=output,
            )

    def send(self, number):
        self._process.send_signal(number)

    def is_alive(self):
        return self._process.poll() is None

    def end(self):
        self._process.kill()
        self._process.wait()
