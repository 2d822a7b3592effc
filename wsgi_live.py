"""The live application: `gunicorn -c config/live.py wsgi_live:app`."""

from __future__ import annotations

from config.settings import from_environment
from kwip.embedded import endpoints
from kwip.embedded.served import serve_metrics
from kwip.live_app import create_live_app
from kwip.wiring import build

_settings = from_environment()
serve_metrics(_settings)
_wiring = build(_settings, endpoints(_settings), role="live")
_wiring.fence.await_lease(within_s=1.0)
_wiring.listener.loop.start()
_wiring.start("live")
app = create_live_app(_wiring, _settings)
#: Sends everybody away who waits, when the process is to end.
close = _wiring.services.live.close
