"""Deletes race with readers of widgets; `make stale` does it 10,000 times.

Here one process has all of it, so that it is quick; there it is a whole site.
"""

from __future__ import annotations

import threading

import pytest
from werkzeug.serving import make_server

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import ProfileChange
from tests.faults.clients import Person
from tests.faults.stale import Race
from tests.wired import viewer_of


@pytest.fixture
def race(app, wiring, alice, bob):
    """Return a function that races two authors, and gives what was found."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    for each in (alice, bob):
        shown = ProfileChange(shows_favourites=True)
        wiring.services.users.update_profile(viewer_of(each.user), shown)
    authors = [Person(each.user.username, each.id, each.token) for each in (alice, bob)]

    def run(tries):
        race = Race(server.port, tries, readers=1)
        race.run(authors)
        assert race.failures == []
        assert sum(race.tried.values()) == tries
        return race.stale

    yield run
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_reader_sees_what_was_deleted_before(race):
    assert race(40) == []


def test_readers_find_an_invalidation_taken_out(race, monkeypatch):
    monkeypatch.setattr(invalidation_rules, "delete", lambda **_: ())

    assert race(12) != []
