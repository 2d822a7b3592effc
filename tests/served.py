"""An app at a port, served by a thread of the test's own process."""

from __future__ import annotations

import contextlib
import threading

from werkzeug.serving import make_server


@contextlib.contextmanager
def served(app, port):
    """Serve an app at a port, each request in a thread of its own."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    # At the end it waits for requests that are under way.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()
