"""A bar for developers: what a page asked of MongoDB and Redis, and how long it took.

It is added to HTML pages; other answers get the sums as `Server-Timing`, which the
tools of browsers show. It is outermost, so that it also sees pages from the cache.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from werkzeug.datastructures import Headers

from kwip.recording import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

    from kwip.recording import Command, Recording

#: From so many equal commands on, one that reads them all would be better.
MANY_ALIKE = 3
_END = b"</body>"
#: With these, an answer would have no page to add the bar to.
_CONDITIONS = ("HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


@dataclass(frozen=True, slots=True)
class Sum:
    """What one server was asked; `alike` is what was sent too often, and how often."""

    server: str
    count: int
    ms: float
    alike: list[tuple[str, int]]


class Toolbar:
    """Record each request, and add the bar to its answer.

    Args:
        app: The app inside.
        flask: Renders the bar.
        stylesheet: The address of its style sheet.
        plan_of: Asks MongoDB how it answers a command.
    """

    def __init__(
        self,
        app: WSGIApplication,
        flask: Flask,
        stylesheet: str,
        plan_of: Callable[[Command], str],
    ) -> None:
        self._app = app
        self._template = flask.jinja_env.get_template("toolbar.html")
        self._stylesheet = stylesheet
        self._plan_of = plan_of

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer as the app does, with the bar."""
        for name in _CONDITIONS:
            environ.pop(name, None)
        began = perf_counter()
        with recorded() as recording:
            status, headers, chunks = _answer(self._app, environ)
        ms = (perf_counter() - began) * 1_000
        sums = [_sum(recording, server) for server in ("MongoDB", "Redis")]
        headers["Server-Timing"] = ", ".join(
            f'{each.server};dur={each.ms:.1f};desc="{each.count}"' for each in sums
        )
        if (headers.get("Content-Type") or "").startswith("text/html"):
            # It is the page of one developer, and HEAD can't know its length.
            headers.pop("X-Accel-Expires", None)
            if environ["REQUEST_METHOD"] == "HEAD":
                headers.pop("Content-Length", None)
            page = _whole(chunks)
            bar = self._template.render(
                recording=recording,
                plans=[self._plan_of(each) for each in recording.commands],
                sums=sums,
                ms=ms,
                stylesheet=self._stylesheet,
                status=status,
            )
            before, end, after = page.rpartition(_END)
            if end:
                page = b"".join((before, bar.encode(), end, after))
                headers["Content-Length"] = str(len(page))
            chunks = [page]
        start_response(status, headers.to_wsgi_list())
        return chunks


def _answer(
    app: WSGIApplication, environ: WSGIEnvironment
) -> tuple[str, Headers, Iterable[bytes]]:
    begun: list[tuple[str, Headers]] = []

    def start(
        status: str, headers: list[tuple[str, str]], _error: object = None, /
    ) -> Callable[[bytes], object]:
        begun.append((status, Headers(headers)))
        return _no_writing

    chunks = app(environ, start)
    return (*begun[-1], chunks)


def _no_writing(_chunk: bytes) -> None:
    raise NotImplementedError  # our answers are returned


def _whole(chunks: Iterable[bytes]) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()


def _sum(recording: Recording, server: str) -> Sum:
    sent = [each for each in recording.commands if each.server == server]
    shapes = Counter(
        f"{each.name} {each.target} {each.shape}"
        for each in sent
        if server == "MongoDB"
    )
    alike = [(shape, n) for shape, n in shapes.items() if n >= MANY_ALIKE]
    return Sum(server, len(sent), sum(each.ms for each in sent), alike)
