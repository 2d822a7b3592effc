from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from kwip.cli.traffic.open_loop import OpenLoop
from kwip.domain.world.driving import Planned


class InChunks(BaseHTTPRequestHandler):
    """Answers as nginx does with a page that it compresses: of unknown length."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.clients.add(self.client_address)
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (b"some words", b" and more", b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    with ThreadingHTTPServer(("127.0.0.1", 0), InChunks) as server:
        server.clients = set()
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


def test_an_answer_of_unknown_length_is_read_and_its_connection_used_again(site):
    planned = [Planned(at_s, "home", 0.5) for at_s in (0.0, 0.1, 0.2)]
    request = b"GET / HTTP/1.1\r\nHost: kwip\r\n\r\n"
    loop = OpenLoop("127.0.0.1", site.server_port, lambda _: None)

    # In a thread of its own: a browser of other tests has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        requests = [(each, request) for each in planned]
        answers = pool.submit(loop.run, requests).result()

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len(site.clients) == 1
