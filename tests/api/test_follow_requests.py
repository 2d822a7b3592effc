from __future__ import annotations

import pytest

from tests.api.paging import walk

VERIFY = "/api/v1/accounts/verify_credentials"
REQUESTS = "/api/v1/follow_requests"


@pytest.fixture
def locked(alice):
    """Return alice, who approves her followers."""
    path = "/api/v1/accounts/update_credentials"
    assert alice.ask("PATCH", path, json={"locked": True}).json["locked"] is True
    return alice


def follow(one, other):
    return one.post(f"/api/v1/accounts/{other.id}/follow").json


def test_an_app_asks_to_follow_a_locked_account_which_answers(locked, bob, people):
    carol = people("carol")
    for one in (bob, carol):
        found = follow(one, locked)
        assert (found["following"], found["requested"]) == (False, True)

    assert walk(locked, f"{REQUESTS}?limit=1", "next") == [[carol.id], [bob.id]]
    assert locked.get(VERIFY).json["source"]["follow_requests_count"] == 2
    notices = locked.get("/api/v1/notifications?types[]=follow_request").json
    assert [n["account"]["id"] for n in notices] == [carol.id, bob.id]
    query = f"/api/v1/accounts/relationships?id[]={bob.id}"
    assert locked.get(query).json[0]["requested_by"] is True

    accepted = locked.post(f"{REQUESTS}/{bob.id}/authorize").json
    rejected = locked.post(f"{REQUESTS}/{carol.id}/reject").json

    assert (accepted["followed_by"], accepted["requested_by"]) == (True, False)
    assert (rejected["followed_by"], rejected["requested_by"]) == (False, False)
    assert locked.get(REQUESTS).json == []
    account = locked.get(f"/api/v1/accounts/{locked.id}").json
    assert (account["locked"], account["followers_count"]) == (True, 1)
    for act in ("authorize", "reject"):
        again = locked.post(f"{REQUESTS}/{carol.id}/{act}")
        assert again.status_code == 404
        assert "withdrawn or answered" in again.json["error"]
