"""E-mail addresses are kept as they were typed, and compared by what they mean."""

from __future__ import annotations

import pytest

from kwip.domain.errors import InvalidError, NotAuthenticatedError
from kwip.services.accounts.users import SignUp
from kwip.store.accounts.users import digest_of
from kwip.store.maintenance.deletion import DeletionStore

PASSWORD = "correct horse"


@pytest.fixture
def join(kwip):
    """Return a function that signs somebody up with an address."""

    def join(username, email):
        form = SignUp(username=username, email=email, password=PASSWORD)
        return kwip.services.users.sign_up(form)

    return join


@pytest.fixture
def from_before(join, mongodb):
    """Return a function that makes an account as the first schema stored it."""

    def make(username, typed):
        user = join(username, f"{username}@example.org")
        folded = typed.casefold()
        mongodb["credentials"].update_one(
            {"_id": user.id},
            {"$set": {"schema": 1, "email": folded}, "$unset": {"email_key": ""}},
        )
        mongodb["claims"].delete_one({"_id": {"$regex": "^email:"}, "user_id": user.id})
        mongodb["claims"].insert_one(
            {"_id": f"email:{digest_of(folded)}", "schema": 1, "user_id": user.id}
        )
        return user

    return make


def owner(kwip, login):
    """Tell who signs in with an address, None if nobody does."""
    try:
        return kwip.services.authentication.prove(login, PASSWORD).username
    except NotAuthenticatedError:
        return None


def test_an_address_is_kept_as_it_was_typed(kwip, join, mongodb):
    user = join("anna", " Anna.Groß@Bücher.Example ")

    stored = mongodb["credentials"].find_one({"_id": user.id})
    assert stored["email"] == "Anna.Groß@Bücher.Example"
    assert "Groß" not in repr(list(mongodb["claims"].find()))


@pytest.mark.parametrize(
    "login",
    [
        "anna.groß@bücher.example",
        "ANNA.Groß@BÜCHER.example",
        "anna.groß@xn--bcher-kva.example",
        "anna.groß@Xn--Bcher-Kva.example",
        "anna.groß@bu\u0308cher.example",
    ],
)
def test_an_address_is_found_in_every_spelling_of_it(kwip, join, login):
    join("anna", "Anna.Groß@Bücher.Example")

    assert owner(kwip, login) == "anna"
    with pytest.raises(InvalidError) as refused:
        join("other", login)
    assert set(refused.value.fields) == {"email"}


def test_sharp_s_and_double_s_are_different_people(kwip, join):
    join("sharp", "groß@example.org")
    join("double", "gross@example.org")

    assert owner(kwip, "groß@example.org") == "sharp"
    assert owner(kwip, "GROSS@EXAMPLE.ORG") == "double"
    assert owner(kwip, "someone@faß.example") is None


def test_the_hosts_of_sharp_s_and_double_s_are_different(kwip, join):
    join("sharp", "a@faß.example")
    join("double", "a@fass.example")

    assert owner(kwip, "a@xn--fa-hia.example") == "sharp"
    assert owner(kwip, "a@FASS.example") == "double"


@pytest.mark.parametrize(
    "typed", ["groß@example.org", "gross@example.org", "Anna@Bücher.example"]
)
def test_an_account_from_before_is_reached_by_its_address(
    kwip, from_before, typed, mongodb
):
    user = from_before("anna", typed)

    for login in (typed, typed.upper(), typed.casefold(), "anna"):
        assert owner(kwip, login) == "anna"
    # Reading wrote nothing.
    assert mongodb["credentials"].find_one({"_id": user.id})["schema"] == 1


@pytest.mark.parametrize("typed", ["groß@example.org", "Anna@Bücher.example"])
def test_nobody_takes_the_address_of_an_account_from_before(
    kwip, join, from_before, typed
):
    from_before("anna", typed)

    for email in (typed, typed.upper(), typed.casefold()):
        with pytest.raises(InvalidError) as refused:
            join("other", email)
        assert set(refused.value.fields) == {"email"}
    assert owner(kwip, typed) == "anna"


def test_an_address_of_today_is_not_reached_by_the_rule_from_before(kwip, join):
    join("double", "gross@example.org")

    assert owner(kwip, "groß@example.org") is None


def test_a_deleted_account_from_before_frees_its_address(
    kwip, join, from_before, mongodb
):
    user = from_before("anna", "groß@example.org")
    [found] = kwip.stores.users.get_many([user.id]).values()
    DeletionStore(kwip.store).remove(found)

    assert join("other", "groß@example.org").username == "other"
