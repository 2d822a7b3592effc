"""An app at a port, served by a thread of the test's own process."""

from __future__ import annotations

import contextlib
import threading

from werkzeug.serving import make_server


@contextlib.contextmanager
def served(app, port):
    """Serve an app at a port, each request in a thread of its own."""
    server = make_server("127.0.0.1", port, _closed(app), threaded=True)
    # At the end it waits for requests that are under way.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def _closed(app):
    """Close what an app answers with, also when a browser has gone away meanwhile.

    Werkzeug's server forgets it if the connection breaks at the end.
    """

    def answer(environ, start_response):
        body = app(environ, start_response)
        try:
            yield from body
        finally:
            if hasattr(body, "close"):
                body.close()

    return answer
