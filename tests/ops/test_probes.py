"""What is said of servers that refuse us, in one plain line."""

from __future__ import annotations

import datetime as dt
import secrets

import pymongo
import pytest

from kwip.embedded.probes import _member_findings, ask_mongodb, ask_redis, with_members

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)


@pytest.fixture
def lowly(endpoints):
    """Return the address of MongoDB for a user who may not monitor it."""
    name = f"lowly-{secrets.token_hex(4)}"
    with pymongo.MongoClient(endpoints.mongodb_uri) as client:
        roles = [{"role": "readWriteAnyDatabase", "db": "admin"}]
        client.admin.command("createUser", name, pwd=name, roles=roles)
        yield f"mongodb://{name}:{name}@{endpoints.mongodb_uri.rpartition('@')[2]}"
        client.admin.command("dropUser", name)


def member(name, state, behind_s=0):
    newest = NOW - dt.timedelta(seconds=behind_s)
    return {"name": name, "stateStr": state, "optimeDate": newest}


def test_a_wrong_password_of_mongodb_is_a_plain_line(endpoints):
    login, at, rest = endpoints.mongodb_uri.partition("@")
    answer = ask_mongodb(f"{login}x{at}{rest}")

    assert not answer.is_ok
    assert answer.detail.startswith("rejects the username or password: check them")
    assert "{" not in answer.detail


def test_a_mongodb_that_needs_a_login_is_not_usable_without_one(endpoints):
    scheme, _, rest = endpoints.mongodb_uri.partition("kwip:")
    answer = ask_mongodb(scheme + rest.partition("@")[2])

    assert not answer.is_ok
    assert answer.detail.startswith("does not allow this user to use the database")


def test_a_wrong_password_of_redis_is_a_plain_line(endpoints):
    scheme, _, rest = endpoints.redis_cache_uri.partition("://:")
    for uri in (f"{scheme}://:x{rest}", f"{scheme}://{rest.partition('@')[2]}"):
        answer = ask_redis(uri, is_cache=True)

        assert not answer.is_ok
        assert answer.detail == "rejects the password, or needs one"


def test_members_that_are_down_or_behind_are_named():
    members = [
        member("a", "PRIMARY"),
        member("b", "SECONDARY", 15),
        member("c", "(not reachable/healthy)", 9_999),
        member("d", "SECONDARY", 3),
        {"name": "e", "stateStr": "ARBITER"},
    ]

    assert list(_member_findings(members, NOW)) == [
        "member b is 15 s behind the newest one",
        "member c is not reachable/healthy: see its log",
    ]


def test_a_set_of_one_member_has_nobody_to_wait_for(endpoints):
    answer = ask_mongodb(endpoints.mongodb_uri)

    assert with_members(endpoints.mongodb_uri, answer) == answer


def test_members_that_the_user_may_not_see_are_not_passed_over(lowly):
    answer = with_members(lowly, ask_mongodb(lowly))

    assert (answer.is_ok, answer.findings) == (True, [])
    assert answer.detail.endswith(
        ", members not checked: the user lacks the role `clusterMonitor`"
    )
