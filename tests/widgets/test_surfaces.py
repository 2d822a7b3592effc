"""What is on which address, before and right after kwips are hidden in every way.

All addresses are read before anything happens, so that their answers are cached when it
does. The rows are in `surfaces`, the kwips in `world`.
"""

from __future__ import annotations

import copy

import pytest

from kwip.blueprints.routes import AREAS
from kwip.cache import invalidation_rules
from kwip.jobs.registry import jobs
from kwip.services.timelines import hydration
from kwip.wiring import Options, build
from tests.widgets.surfaces import ORIGIN, SURFACES, asked, words
from tests.widgets.world import GONE, fill, happen, preview
from tests.wired import Rings


@pytest.fixture
def rings():
    return Rings()


@pytest.fixture
def wiring(settings, endpoints, rings):
    """Return a web process's parts, whose jobs are done when a test says so."""
    made = build(settings, endpoints, role="web", options=Options(enqueue=rings))
    rings.jobs = jobs(made.services)
    assert made.fence.await_lease(within_s=30)
    yield made
    made.close()


@pytest.fixture
def world(wiring, rings, once):
    """Return the world, delivered and indexed."""

    def make():
        made = fill(wiring.services)
        rings.run()
        preview(wiring.services, made)
        return made

    return copy.deepcopy(once(make))


def wrong(world, client, rows=SURFACES):
    """Give what each address has that it must not have, and what it lacks."""
    for path, row, subject in asked(world, rows):
        answer = client.get(path)
        status, found = row.status(world, subject), words(answer.text)
        kind = row.missing or row.error
        expected = row.expected(world, subject) if status == 200 else set()
        if answer.status_code != status:
            yield f"{path}: {answer.status}"
        if status != 200 and answer.mimetype != kind:
            yield f"{path}: an error as {answer.mimetype}"
        if "Set-Cookie" in answer.headers:
            yield f"{path}: a cookie"
        if found - expected:
            yield f"{path} shows {found - expected}"
        if expected - found:
            yield f"{path} lacks {expected - found}"


def test_the_table_has_every_address_that_a_cdn_may_keep(app):
    adapter = app.url_map.bind("")
    paths = [row.path.partition("?")[0] for row in SURFACES]
    asked = (path.format(name="alice", post_id=1, list_id=1) for path in paths)
    rules = {adapter.match(path, return_rule=True)[0].rule for path in asked}

    kept = {row.rule for row in AREAS["widgets"] if row.policy.cache == "widget"}
    assert kept - rules == set()


def is_gone_later(kwip):
    return kwip.state in GONE and kwip.role == "plain"


def card(client, kwip):
    """Give the address of the picture that other sites show of a kwip."""
    url = f"{ORIGIN}/@{kwip.author}/{kwip.id}"
    card_url = client.get(f"/api/oembed?url={url}").json["thumbnail_url"]
    return card_url.removeprefix(ORIGIN)


def test_every_address_shows_what_everybody_may_see_and_hides_the_rest_at_once(
    world, wiring, client
):
    assert list(wrong(world, client)) == []
    cards = [card(client, kwip) for kwip in world.kwips if is_gone_later(kwip)]
    assert {client.get(path).status_code for path in cards} == {200}

    happen(wiring.services, world)

    assert list(wrong(world, client)) == []
    assert {client.get(path).status_code for path in cards} == {404}


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ("delete", "deleted"),
        ("suspend", "suspended"),
        ("update_profile", "optedout"),
    ],
)
def test_the_table_finds_an_invalidation_taken_out(
    world, wiring, client, monkeypatch, rule, state
):
    rows = [row for row in SURFACES if "user/{name}?limit" in row.path]
    assert list(wrong(world, client, rows)) == []
    monkeypatch.setattr(invalidation_rules, rule, lambda **_: ())

    happen(wiring.services, world)

    assert f"w_{state}_plain_text" in " ".join(wrong(world, client, rows))


def test_the_table_finds_a_look_at_who_may_see_taken_out(world, client, monkeypatch):
    monkeypatch.setattr(hydration, "may_see", lambda *_: True)

    found = " ".join(wrong(world, client))

    assert "w_followers_plain_text" in found
    assert "w_direct_folded_poll" in found


def test_the_table_finds_authors_who_opted_out(world, wiring, client, monkeypatch):
    monkeypatch.setattr(hydration.Hydration, "is_embedding", False)
    happen(wiring.services, world)

    assert "w_optedout_folded_text" in " ".join(wrong(world, client))
