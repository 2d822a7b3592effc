"""The web application, for any WSGI server: `gunicorn wsgi:app`."""

from __future__ import annotations

from config.settings import from_environment
from kwip.app import create_app
from kwip.embedded import endpoints
from kwip.embedded.served import serve_metrics
from kwip.wiring import build

_settings = from_environment()
serve_metrics(_settings)
_wiring = build(_settings, endpoints(_settings), role="web")
# The first request need not go without the cache; without MongoDB it goes on anyway.
_wiring.fence.await_lease(within_s=1.0)
_wiring.start("web")
app = create_app(_wiring, _settings)
