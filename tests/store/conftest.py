"""The stores of one process, on a real MongoDB, without services above them."""

from __future__ import annotations

import pytest

from kwip.store.client import Store, connect
from tests.commands import Commands
from tests.store.explain import Explainer
from tests.store.population import populate
from tests.store.stores import Stores


@pytest.fixture
def commands():
    return Commands()


@pytest.fixture
def store(mongodb, endpoints, commands):
    client = connect(endpoints.mongodb_uri, timeout_ms=60_000, listeners=[commands])
    made = Store(client, endpoints.database)
    yield made
    made.close()


@pytest.fixture
def stores(store):
    """Return every store of the database."""
    return Stores(store)


#: What `populate` has made in this process, by collection.
_POPULATED = {}


@pytest.fixture
def explaining(mongodb, endpoints):
    """Return the stores of an empty database, and what explains their queries."""
    explainer = Explainer(mongodb)
    client = connect(endpoints.mongodb_uri, timeout_ms=60_000, listeners=[explainer])
    store = Store(client, endpoints.database)
    yield Stores(store), explainer
    store.close()


@pytest.fixture
def explained(mongodb, explaining):
    """Return the same with something of everything."""
    if not _POPULATED:
        populate(explaining[0])
        # A process that ended late may write its fence again.
        names = set(mongodb.list_collection_names()) - {"cache_fence"}
        _POPULATED.update({name: list(mongodb[name].find()) for name in names})
    else:
        for name, documents in _POPULATED.items():
            if documents:
                mongodb[name].insert_many(documents, ordered=False)
    return explaining
