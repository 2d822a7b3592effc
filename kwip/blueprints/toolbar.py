"""A bar for developers: what a page asked of MongoDB and Redis, and how long it took.

It is added to HTML pages; other answers get the sums as `Server-Timing`, which the
tools of browsers show. It is outermost, so that it also sees pages from the cache. It
reads each answer whole, files too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from werkzeug.test import run_wsgi_app

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
            chunks, status, headers = run_wsgi_app(self._app, environ, buffered=True)
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
            page = b"".join(chunks)
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


def _sum(recording: Recording, server: str) -> Sum:
    sent = [each for each in recording.commands if each.server == server]
    shapes = Counter(
        f"{each.name} {each.target} {each.shape}"
        for each in sent
        if server == "MongoDB"
    )
    alike = [(shape, n) for shape, n in shapes.items() if n >= MANY_ALIKE]
    return Sum(server, len(sent), sum(each.ms for each in sent), alike)
