"""The web application as it is, but for what a test takes out of it."""

from __future__ import annotations

from tests.faults.sabotage import take_out

take_out()

from wsgi import app  # noqa: E402 -- only now is it made

__all__ = ["app"]
