from __future__ import annotations

from tests.people import alice, app, bob, client, people, wiring

__all__ = ["alice", "app", "bob", "client", "people", "wiring"]
