"""Another website, on this machine, with whatever pages a test gives it."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    #: Writes an answer, or what looks like one.
    Page = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class OtherSite:
    """The pages by path, how often each was requested, and with which headers."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    def serve(
        self,
        path: str,
        body: bytes | str = b"",
        *,
        kind: str = "text/html; charset=utf-8",
        status: int = 200,
        **headers: str,
    ) -> str:
        """Answer a path like this; return its address."""
        content = body.encode() if isinstance(body, str) else body

        def page(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            request.send_header("Content-Type", kind)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-"), value)
            request.end_headers()
            request.wfile.write(content)

        return self.answer(path, page)

    def answer(self, path: str, page: Page) -> str:
        """Answer a path by a function; return its address."""
        self.pages[path] = page
        return self.url(path)

    def page(self, path: str, title: str, **said: str) -> str:
        """Serve a page with OpenGraph tags; return its address."""
        tags = "".join(
            f'<meta property="og:{name}" content="{value}">'
            for name, value in {"title": title, **said}.items()
        )
        return self.serve(path, f"<!doctype html><html><head>{tags}</head><body>")


@contextmanager
def other_site() -> Iterator[OtherSite]:
    """Run one until the end of the block."""
    site = OtherSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked[self.path] += 1
            site.headers[self.path] = dict(self.headers)
            page = site.pages.get(self.path)
            try:
                if page is None:
                    self.send_error(404)
                else:
                    page(self)
            except OSError:  # whoever asked has hung up
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
