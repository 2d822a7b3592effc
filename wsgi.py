"""The web application, for any WSGI server: `gunicorn wsgi:app`."""

from __future__ import annotations

from config.settings import from_environment
from kwip.app import create_app

app = create_app(from_environment())
