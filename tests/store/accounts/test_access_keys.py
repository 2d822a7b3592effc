from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.store.accounts.access_keys import AccessKeyStore
from kwip.store.jobs import Job
from tests.store.population import token
from tests.store.stores import LATER, NOW


@pytest.mark.parametrize("collection", ["sessions", "tokens"])
def test_an_access_is_found_by_user_and_digest_until_it_is_ended(store, collection):
    kept = AccessKeyStore(store, collection)
    access = replace(token(1, "abc"), expires_at=LATER)
    kept.create(access)

    assert kept.find(1, "abc") == access
    assert kept.find(2, "abc") is None
    assert kept.delete(1, "abc")
    assert not kept.delete(1, "abc")
    assert kept.find(1, "abc") is None


def test_a_users_tokens_are_listed_oldest_first(stores):
    old, new = token(1, "b"), replace(token(1, "a"), created_at=LATER)
    for access in (new, old, token(2, "c")):
        stores.authentication.create(access)

    assert stores.authentication.of_user(1) == [old, new]


def test_a_job_is_found_as_it_was_last_saved(stores):
    job = Job(
        id="reindex:timelines",
        state="running",
        cursor=5,
        counts={"done": 3},
        detail={"who": "all"},
        started_at=NOW,
        updated_at=NOW,
    )
    stores.jobs.save(job)
    later = replace(job, state="done", cursor=9, updated_at=LATER)
    stores.jobs.save(later)

    assert stores.jobs.find("reindex:timelines") == later
    assert stores.jobs.find("other") is None
