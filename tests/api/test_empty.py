from __future__ import annotations

from kwip.blueprints.api import empty


def test_what_kwip_has_none_of_is_an_empty_list_for_who_may_ask(alice, client):
    for row in empty.ROUTES:
        path = row.rule.replace("<id:user_id>", alice.id)

        answer = alice.get(path)

        assert (path, answer.status_code, answer.json) == (path, 200, [])
        assert "Link" not in answer.headers
        is_open = row.policy.auth != "token"
        assert (path, client.get(path).status_code == 200) == (path, is_open)


def test_lists_below_an_account_that_nobody_has_are_404(alice):
    rows = [row for row in empty.ROUTES if "<id:user_id>" in row.rule]
    assert rows
    for row in rows:
        answer = alice.get(row.rule.replace("<id:user_id>", "1"))

        assert (row.rule, answer.status_code) == (row.rule, 404)


def test_preferences_have_the_keys_that_apps_read(alice):
    answer = alice.get("/api/v1/preferences")

    assert answer.json["posting:default:visibility"] == "public"
    assert answer.json["posting:default:sensitive"] is False
    assert answer.json["posting:default:language"] is None
    assert answer.json["reading:expand:media"] == "default"
    assert answer.json["reading:expand:spoilers"] is False
