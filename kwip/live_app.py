"""Make the live app: it answers long polls and nothing else, a few at a time.

It renders no page, so it imports neither their endpoints nor what they need: 10 MB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import health, http, live
from kwip.blueprints.assets import NO_ASSETS
from kwip.blueprints.registration import policies_of, register
from kwip.factory import believe_proxies, make_app

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from flask import Flask

    from config.settings import Settings
    from kwip.services.delivery.long_polls import Live
    from kwip.wiring import Wiring

#: What a live process serves; its other addresses are unknown.
AREAS = {"health": health.ROUTES, "live": live.ROUTES}


def create_live_app(wiring: Wiring, settings: Settings) -> Flask:
    """Make the app of a live process, which answers errors with JSON."""
    app, _ = make_app(wiring, settings, policies_of(AREAS), NO_ASSETS, is_live=True)
    register(app, AREAS)
    believe_proxies(app, settings)
    _let_wait(app, wiring.services.live)
    return app


def _let_wait(app: Flask, live: Live) -> None:
    """Give each request one of the turns, which it gives up while it waits."""
    inner = app.wsgi_app

    def with_turn(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in http.SAFE_METHODS:
            # A body that never arrives would hold the turn as long.
            start_response("405 Method Not Allowed", [("Connection", "close")])
            return []
        with live.turns:
            return inner(environ, start_response)

    app.wsgi_app = with_turn  # type: ignore[method-assign] # as Flask's manual has it
    live.open()
