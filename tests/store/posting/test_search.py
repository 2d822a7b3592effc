"""What the index of search examines is bounded."""

from __future__ import annotations

import pytest

from kwip.domain.ids import MAX_ID
from kwip.domain.timelines.id_lists import Between
from kwip.domain.timelines.search import Sought
from kwip.store.posting import search
from tests.store.population import populate_search, posts_of

ANYWHERE = Between(0, MAX_ID, 60)
TEA, GREEN = frozenset({"tea", "en=tea"}), frozenset({"green"})


@pytest.fixture
def explained(mongodb, explaining):
    """Return stores with what is searched, and what explains their queries."""
    populate_search(mongodb)
    return explaining


@pytest.fixture
def plans(explained):
    """Return a function that makes a call, and gives what its queries examined."""
    stores, explainer = explained

    def plans(call):
        explainer.plans.clear()
        with explainer.listening("SearchStore"):
            call(stores.search)
        return list(explainer.plans)

    return plans


def test_a_lookup_that_finds_nothing_examines_a_bounded_number(plans, monkeypatch):
    monkeypatch.setattr(search, "EXAMINED", 50)

    nothing = Sought(TEA, (frozenset({"coffee"}),))
    [plan] = plans(lambda store: store.hits(nothing, ANYWHERE))

    assert plan.examined == 50
    assert "SORT" not in plan.stages
    assert plan.stages & {"SORT_MERGE", "FETCH"}


def test_reach_and_end_are_answered_from_the_index_alone(plans, monkeypatch):
    monkeypatch.setattr(search, "EXAMINED", 50)

    ends = plans(lambda store: store.end(TEA, ANYWHERE))
    reaches = plans(lambda store: store.reaches([TEA, GREEN], ANYWHERE))

    assert [plan.examined for plan in (*ends, *reaches)] == [0, 0]
    assert all("SORT" not in plan.stages for plan in (*ends, *reaches))


def test_a_lookup_ends_where_the_next_one_begins(explained, monkeypatch):
    monkeypatch.setattr(search, "EXAMINED", 50)
    store, found, below = explained[0].search, [], MAX_ID
    sought = Sought(TEA, (frozenset({"t3"}),))
    while below is not None:
        wanted = Between(0, below, 60)
        found += [hit.cursor for hit in store.hits(sought, wanted)]
        below = store.end(TEA, wanted)

    assert found == sorted((posts_of(n)[3] for n in range(1, 61)), reverse=True)


def test_the_set_that_reaches_further_is_rarer(explained):
    many, half = explained[0].search.reaches([TEA, GREEN], ANYWHERE)

    assert half < many
    assert explained[0].search.reaches([frozenset({"t3"})], ANYWHERE) == [None]
