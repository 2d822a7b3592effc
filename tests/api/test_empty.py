from __future__ import annotations

from kwip.blueprints.api import empty


def test_what_kwip_has_none_of_is_an_empty_list_for_who_may_ask(alice, client):
    for row in empty.ROUTES:
        answer = alice.get(row.rule)

        assert (row.rule, answer.status_code, answer.json) == (row.rule, 200, [])
        assert "Link" not in answer.headers
        is_open = client.get(row.rule).status_code == 200
        assert (row.rule, is_open) == (row.rule, row.policy.auth != "token")


def test_preferences_have_the_keys_that_apps_read(alice):
    answer = alice.get("/api/v1/preferences")

    assert answer.json["posting:default:visibility"] == "public"
    assert answer.json["posting:default:sensitive"] is False
    assert answer.json["posting:default:language"] is None
    assert answer.json["reading:expand:media"] == "default"
    assert answer.json["reading:expand:spoilers"] is False
