"""Send what is to cost a web server memory, and look at how much it has."""

from __future__ import annotations

import requests

from kwip.embedded.children import ROLE, marked
from tests.hostile import HARMFUL

_PATHS = ("/api/v1/statuses", "/api/v1/lists", "/login")


def send_harmful(origin, token):
    """Post every harmful body to some places; return the statuses."""
    return {
        (path, number): requests.post(
            origin + path,
            data=body,
            headers={"Authorization": f"Bearer {token}", **headers},
            timeout=20,
        ).status_code
        for path in _PATHS
        for number, (headers, body) in enumerate(HARMFUL)
    }


def memory_of_web(stack):
    """Return the memory of the processes that answer pages, by their number."""
    found = [p for p in marked(stack.home) if p.environ().get(ROLE) == "web"]
    return {process.pid: process.memory_info().rss for process in found}
