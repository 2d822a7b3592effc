"""People whom other tests begin with are as Kwip signs them up."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.users import READ
from kwip.domain.errors import NotFoundError
from kwip.services.accounts.authentication import Credential
from kwip.services.accounts.users import SignUp
from tests import documents
from tests.signed_up import sign_up

FORM = SignUp(username="again", email="again@example.org", password="correct horse")


@pytest.fixture
def stored(mongodb):
    """Return a function that gives all documents, without the user's id and times."""

    def stored(user):
        text = repr(
            {
                name: list(mongodb[name].find({}, {"created_at": 0}))
                for name in sorted(documents.ids_of(mongodb).keys() - {"cache_fence"})
            }
        )
        return text.replace(str(user.id), "(id)")

    return stored


def test_somebody_signed_up_again_is_stored_and_found_as_the_first_time(
    kwip, mongodb, redis_cache, stored
):
    def found():
        return kwip.services.users.id_of(kwip.services.loaders.begin(), "again")

    first, _ = sign_up(kwip, FORM, frozenset({READ}))
    written = stored(first)
    ids = documents.ids_of(mongodb)
    del ids["cache_fence"]
    documents.replace(mongodb, ids, {})
    redis_cache.flushdb()
    with pytest.raises(NotFoundError):
        found()
    second, token = sign_up(kwip, FORM, frozenset({READ}))
    assert second.id > first.id
    assert stored(second) == written
    assert found() == second.id
    key = Credential.from_header(f"Bearer {token}").id
    assert kwip.stores.tokens.find_usable(key.user_id, key.digest).scopes == {READ}
