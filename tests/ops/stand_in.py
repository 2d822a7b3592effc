"""`kwip up` as ever, with two tiny programs in the place of the real ones.

Run as a program: the tests of the supervisor kill it in every way.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from kwip import cli
from kwip.cli import up
from kwip.embedded.children import Child

if TYPE_CHECKING:
    from config.settings import Settings

_WEB = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
_BROKEN = "raise OSError('[Errno 28] No space left on device')"
_TALKATIVE = """
import time
for number in range(2_000):
    print(number, "x" * 100, flush=True)
time.sleep(1e6)
"""
_STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(1e6)
"""


def stand_ins(settings: Settings, kind: str) -> list[Child]:
    web = _BROKEN if kind == "broken" else _WEB
    kinds = {"stubborn": _STUBBORN, "talkative": _TALKATIVE}
    worker = kinds.get(kind, "import time; time.sleep(1e6)")
    return [
        Child(
            role="web",
            argv=[sys.executable, "-c", web, str(settings.port)],
            is_ready=partial(up.is_ready, settings),
        ),
        Child(role="worker", argv=[sys.executable, "-c", worker]),
    ]


if __name__ == "__main__":
    up.web_and_workers = partial(stand_ins, kind=sys.argv[1])
    sys.argv = ["kwip", "up"]
    cli.main()
