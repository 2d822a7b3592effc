"""The web application, for any WSGI server: `gunicorn wsgi:app`."""

from __future__ import annotations

from config.settings import from_environment
from kwip.app import create_app
from kwip.embedded import endpoints
from kwip.wiring import build

_settings = from_environment()
app = create_app(build(_settings, endpoints(_settings), role="web"), _settings)
