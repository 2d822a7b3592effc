"""What is said of servers that refuse us, in one plain line."""

from __future__ import annotations

from kwip.embedded.probes import ask_mongodb, ask_redis


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
