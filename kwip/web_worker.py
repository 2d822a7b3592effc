"""gunicorn's threaded worker, but it rejects requests that would be answered too late.

When a process is overloaded, requests wait in it for a free thread, and in the end each
is answered after its client has gone. So once no request has begun promptly for a
while, those that have waited longer than anybody likes to are answered 503 without any
work; the rest is answered in time. A short stall, such as the restart of a server, is
waited out.

A write whose client has gone is not done either, however long it waited: a proxy that
gave up on a frozen server has reported a failure, and something newer may be stored.

And a restart loses no request: a worker that exits first answers everybody who has
connected. `kwip.web_arbiter` has the rest of that.
"""

from __future__ import annotations

import select
import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from gunicorn.workers import gthread

from kwip import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

#: A process is overloaded if no request has found a thread at once for this long, in
#: seconds; and what counts as at once.
OVERLOADED_S, PROMPT_S = 2.0, 0.1
#: A request that has waited this long for a thread is rejected, in seconds: in an
#: overloaded process, and in any.
PATIENCE_S, LONGEST_S = 0.5, 5.0
#: `Retry-After`, in seconds.
RETRY_AFTER_S = 2
_MOST_BYTES = 65_536
#: Those of `kwip.blueprints.http`, which takes long to import.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: How long a worker that exits answers requests on connections that are open already.
#: gunicorn's 2 s would leave the last of them no time: it is killed after 2 s.
gthread.STOP_KEEPALIVE_LINGER = 1.0
_API, _CHECK = b"/api/", b"GET /readyz "
_JSON = b'{"error": "Kwip is very busy right now. Try again in a few seconds."}'
_HTML = (
    b"<!doctype html><html lang=en><meta charset=utf-8>"
    b"<meta name=viewport content='width=device-width'>"
    b"<title>Kwip is very busy</title><h1>Kwip is very busy right now</h1>"
    b"<p>Try again in a few seconds.</p>"
)


class WebWorker(gthread.ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Answers requests in threads, and 503 to those that have waited too long."""

    clock: Callable[[], float] = staticmethod(time.monotonic)
    prompt_at = 0.0

    def accept(self, listener: Any) -> None:
        """Accept what has connected, as many as there are threads.

        gunicorn accepts one at a time, so in an overloaded process most would wait
        where nobody counts for how long.
        """
        for _ in range(self.cfg.threads):
            before = self.nr_conns
            super().accept(listener)
            if self.nr_conns == before or before + 1 >= self.worker_connections:
                return

    def enqueue_req(self, conn: Any) -> None:
        """Queue a connection with a request for a thread.

        A health check that would have to wait is answered at once: one that waits as
        long as all others says that the server hangs, and is believed.
        """
        if self.tpool._work_queue.qsize():  # noqa: SLF001
            begin = _peek(conn.sock, len(_CHECK))
            if begin is None and not (conn.initialized or conn.data_ready):
                self._wait_for_request(conn)
                return
            if begin == _CHECK:
                _refuse_check(conn.sock)
                self.nr_conns -= 1
                conn.close()
                return
        conn.ready_at = self.clock()
        telemetry.HTTP_OPEN.inc()
        super().enqueue_req(conn)

    def _wait_for_request(self, conn: Any) -> None:
        """Queue a new connection when its request arrives, as gunicorn does later."""
        conn.sock.settimeout(0)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        queue = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, queue)

    def handle(self, conn: Any) -> Any:
        """Answer a request in a thread; return what to do with the connection."""
        try:
            return self._answer_or_refuse(conn)
        finally:
            telemetry.HTTP_OPEN.dec()

    def _answer_or_refuse(self, conn: Any) -> Any:
        now = self.clock()
        waited_s = now - conn.ready_at
        if waited_s <= PROMPT_S:
            self.prompt_at = now
        elif waited_s > PATIENCE_S and _is_gone(conn.sock):
            return False  # a proxy has given up, and asked another server
        is_overloaded = now - self.prompt_at > OVERLOADED_S
        if waited_s <= (PATIENCE_S if is_overloaded else LONGEST_S):
            return super().handle(conn)
        telemetry.HTTP_SHED.inc()
        return _refuse(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Run the app; return whether the connection stays open."""
        if req.method not in _SAFE_METHODS and _is_gone(conn.sock):
            self.log.info("Did not begin a %s: its client has gone", req.method)
            return False
        return super().handle_request(req, conn)

    def run(self) -> None:
        """Answer requests until told to exit; nobody can connect before the first does.

        gunicorn listens before a worker has imported the app: a proxy would send
        requests here that wait for that, while other servers could answer them.
        """
        for listener in self.sockets:
            listener.listen(self.cfg.backlog)
        super().run()

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 -- gunicorn's
        """Begin or end accepting connections; on exit, accept those that wait.

        gunicorn keeps the sockets open until it has exited: whoever connects meanwhile
        would wait for that and then be cut off.
        """
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            accepted = -1
            while accepted < self.nr_conns:
                accepted = self.nr_conns
                self.accept(listener)
            listener.close()


def _refuse(conn: Any) -> bool:
    """Reject the request on a connection; return whether the connection stays open."""
    try:
        conn.sock.settimeout(None)
        conn.init()
        ahead = conn.parser.unreader.buf.getvalue()
        request = ahead or conn.sock.recv(_MOST_BYTES, socket.MSG_DONTWAIT)
        if not request or _is_gone(conn.sock):
            return False
        ends = request.startswith(b"GET ") and request.endswith(b"\r\n\r\n")
        stays_open = ends and not ahead
        conn.sock.sendall(_answer(request, stays_open=stays_open))
    except OSError:
        return False
    return stays_open


def _refuse_check(sock: socket.socket) -> None:
    """Answer a health check as other requests are rejected."""
    with suppress(OSError):
        request = sock.recv(_MOST_BYTES, socket.MSG_DONTWAIT)
        sock.sendall(_answer(request, stays_open=False))


def _peek(sock: socket.socket, most: int) -> bytes | None:
    """Return what a request begins with; None if nothing has arrived."""
    try:
        return sock.recv(most, socket.MSG_DONTWAIT | socket.MSG_PEEK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _is_gone(sock: socket.socket) -> bool:
    """Return whether the client has closed the connection.

    Unread data hides that from `recv`: a body, or another request on the connection.
    """
    events = select.poll()
    events.register(sock, select.POLLRDHUP)
    return bool(events.poll(0))


def _answer(request: bytes, *, stays_open: bool) -> bytes:
    """Return the response of a rejection, for an app or for a browser."""
    is_api = request.partition(b" ")[2].startswith(_API)
    body, kind = (_JSON, b"application/json") if is_api else (_HTML, b"text/html")
    lines = [
        b"HTTP/1.1 503 Service Unavailable",
        b"Content-Type: " + kind + b"; charset=utf-8",
        b"Content-Length: %d" % len(body),
        b"Retry-After: %d" % RETRY_AFTER_S,
        b"Cache-Control: no-store",
        b"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        b"X-Content-Type-Options: nosniff",
        b"Connection: " + (b"keep-alive" if stays_open else b"close"),
    ]
    if is_api:
        lines.append(b"Access-Control-Allow-Origin: *")
    return b"\r\n".join([*lines, b"", body])
