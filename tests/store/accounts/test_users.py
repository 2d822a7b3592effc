from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kwip.domain.accounts.users import ProfileField
from kwip.domain.errors import ConflictError
from kwip.store.timelines.buckets import home_of
from kwip.text.emails import read_email
from tests.store.stores import user


def test_signing_up_makes_everything_at_once(stores, mongodb):
    stores.users.create(user(1), read_email("one@example.org"), "hash")

    assert stores.users.get_many([1, 2]) == {1: user(1)}
    assert stores.users.ids_of(["u1", "u2"]) == {"u1": 1}
    assert stores.users.credentials_of("u1").password_hash == "hash"
    assert stores.users.credentials_of(read_email("one@example.org")).user_id == 1
    assert stores.users.credentials_of(read_email("two@example.org")) is None
    assert stores.timelines.find_open(home_of(1)).entries == ()
    assert "one@example.org" not in repr(list(mongodb["claims"].find()))


@pytest.mark.parametrize(
    ("name", "email", "field"),
    [("u1", "two@example.org", "username"), ("u2", "one@example.org", "email")],
)
def test_a_name_or_an_address_that_is_taken_leaves_nothing(
    stores, mongodb, name, email, field
):
    stores.users.create(user(1), read_email("one@example.org"), "hash")
    with pytest.raises(ConflictError) as refused:
        stores.users.create(replace(user(2), username=name), read_email(email), "hash")

    assert refused.value.context["field"] == field
    assert mongodb["claims"].count_documents({}) == 2
    assert mongodb["users"].count_documents({}) == 1
    assert mongodb["timelines"].count_documents({}) == 1


def test_of_many_who_want_one_name_at_once_one_gets_it(stores, mongodb):
    def sign_up(number):
        wanted = replace(user(number), username="wanted")
        try:
            stores.users.create(wanted, read_email(f"{number}@example.org"), "hash")
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(sign_up, range(1, 9)))

    assert sum(done) == 1
    assert mongodb["users"].count_documents({}) == 1
    assert mongodb["credentials"].count_documents({}) == 1


def test_users_loaded_in_bulk_may_be_loaded_again(stores, mongodb):
    stores.users.create_many([user(1)])
    stores.users.update_profile(1, {"display_name": "Mine"})
    stores.users.create_many([user(1), user(2)])

    assert stores.users.get_many([1])[1].display_name == "Mine"
    assert stores.users.ids_of(["u1", "u2"]) == {"u1": 1, "u2": 2}
    assert stores.users.credentials_of("u2") is None
    assert mongodb["timelines"].count_documents({}) == 2


def test_a_changed_profile_has_a_higher_version(stores):
    stores.users.create_many([user(1)])
    changed = stores.users.update_profile(
        1, {"display_name": "One", "fields": [ProfileField("Page", "a.example")]}
    )

    assert (changed.display_name, changed.bio) == ("One", "")
    assert changed.fields == (ProfileField("Page", "a.example"),)
    assert changed.version == 2
    assert stores.users.update_profile(1, {}).version == 3
    assert stores.users.update_profile(9, {"bio": ""}) is None


def test_all_users_are_gone_through_in_order(stores):
    assert stores.users.is_empty()
    assert list(stores.users.iter_ids()) == []
    stores.users.create_many([user(n) for n in (5, 3, 1, 4)])

    assert not stores.users.is_empty()
    assert stores.users.count() == 4
    assert list(stores.users.iter_ids(after=1, batch=2)) == [[3, 4], [5]]
