from __future__ import annotations

import pytest

from kwip.cache import invalidation_rules
from kwip.cli import members
from kwip.cli.bars import Bars
from kwip.domain.posting.posts import Draft
from kwip.services.accounts.authentication import Credential

ALICE = ("alice", "--email", "alice@example.org", "--password", "correct horse")
BOB = ("bob", "--email", "bob@example.org", "--password", "correct horse")


def test_create_prints_id_and_username(kwip, wiring):
    run = kwip("users", "create", *ALICE, "--display-name", "Alice A.", "--json")
    user_id = wiring.stores.users.ids_of(["alice"])["alice"]

    assert (run.code, run.json) == (0, {"id": str(user_id), "username": "alice"})
    assert wiring.stores.users.get_many([user_id])[user_id].display_name == "Alice A."


def test_who_was_created_can_log_in(kwip, wiring):
    kwip("users", "create", *ALICE)

    assert wiring.services.authentication.prove("alice", "correct horse")


def test_a_password_that_is_not_given_is_read_from_standard_input(kwip, wiring):
    run = kwip("users", "create", *ALICE[:3], stdin="other horse\nnot this\n")

    assert run.code == 0
    assert wiring.services.authentication.prove("alice", "other horse")


@pytest.mark.parametrize("stdin", ["", "\n"])
def test_without_any_password_one_learns_how_to_pass_it(kwip, stdin):
    run = kwip("users", "create", *ALICE[:3], stdin=stdin)

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "kwip: No password was given. Without a terminal, pass it on standard input: "
        "`kwip users … < password.txt`.\n"
    )


def test_a_name_that_is_taken_is_one_clear_line_and_2(kwip):
    kwip("users", "create", *ALICE)
    run = kwip("users", "create", *ALICE)

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "kwip: This account can't be created. username: This username is taken.\n"
    )


def test_token_makes_a_token_that_opens_the_api(kwip, wiring):
    created = kwip("users", "create", *ALICE, "--json").json
    run = kwip("users", "token", "@Alice", "--json")
    viewer = wiring.services.authentication.confirm(
        Credential.parse("token", run.json["token"])
    )

    assert run.code == 0
    assert run.json == {**created, "token": run.json["token"]}
    assert (viewer.username, viewer.scopes) == ("alice", {"read", "write"})


def test_a_token_may_be_for_reading_only(kwip, wiring):
    kwip("users", "create", *ALICE)
    made = kwip("users", "token", "alice", "--scopes", "read", "--json").json
    viewer = wiring.services.authentication.confirm(
        Credential.parse("token", made["token"])
    )

    assert viewer.scopes == {"read"}


def test_an_unknown_scope_is_one_clear_line_and_2(kwip):
    kwip("users", "create", *ALICE)
    run = kwip("users", "token", "alice", "--scopes", "reed")

    assert (run.code, run.out) == (2, "")
    assert run.err == "kwip: These scopes can't be used. scopes: Choose at least one.\n"


def test_follow_prints_who_is_followed(kwip, wiring):
    kwip("users", "create", *ALICE)
    bob = kwip("users", "create", *BOB, "--json").json
    run = kwip("users", "follow", "alice", "bob", "--json")
    ids = wiring.stores.users.ids_of(["alice", "bob"])

    assert (run.code, run.json) == (0, bob)
    assert wiring.edges.followees(ids["alice"]) == [ids["bob"]]


def test_an_unknown_user_is_one_clear_line_and_2(kwip):
    run = kwip("users", "token", "nobody")

    assert (run.code, run.out) == (2, "")
    assert run.err == "kwip: There is no user nobody.\n"


def test_without_json_a_person_can_read_it(kwip):
    run = kwip("users", "create", *ALICE)

    assert [line.split()[0] for line in run.out.splitlines()] == ["id", "username"]


def test_without_a_stack_the_line_says_what_to_do(kwip, environ, monkeypatch, tmp_path):
    del environ["KWIP_MONGODB_URI"]
    run = kwip("users", "token", "alice")

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"kwip: Kwip is not running in {tmp_path / 'home'}: start it with `kwip up`,"
        " or set KWIP_HOME if it is in another folder\n"
    )


def test_suspend_says_who_is_suspended(kwip, wiring):
    alice = kwip("users", "create", *ALICE, "--json").json
    run = kwip("users", "suspend", "@Alice", "--json")
    user_id = int(alice["id"])

    assert (run.code, run.json) == (0, {**alice, "is_suspended": True})
    assert wiring.stores.users.get_many([user_id])[user_id].is_suspended
    run = kwip("users", "unsuspend", "alice", "--json")
    assert (run.code, run.json) == (0, {**alice, "is_suspended": False})
    assert not wiring.stores.users.get_many([user_id])[user_id].is_suspended


def test_silence_says_who_is_silenced(kwip, wiring):
    alice = kwip("users", "create", *ALICE, "--json").json
    user_id = int(alice["id"])
    for act, is_silenced in {"silence": True, "unsilence": False}.items():
        run = kwip("users", act, "@Alice", "--json")

        assert (run.code, run.json) == (0, {**alice, "is_silenced": is_silenced})
        user = wiring.stores.users.get_many([user_id])[user_id]
        assert user.is_silenced == is_silenced


def test_modify_gives_a_role_but_takes_none_from_the_only_owner(kwip, wiring):
    alice = kwip("users", "create", *ALICE, "--json").json
    run = kwip("users", "modify", "alice", "--role", "owner", "--json")
    user_id = int(alice["id"])

    assert (run.code, run.json) == (0, {**alice, "role": "owner"})
    for act in (("modify", "--role", "member"), ("suspend",), ("delete", "--yes")):
        run = kwip("users", act[0], "alice", *act[1:])
        assert (run.code, run.err) == (
            2,
            "kwip: This is the only owner. Make somebody else an owner first.\n",
        )
    assert wiring.stores.users.get_many([user_id])[user_id].role == "owner"


def test_list_goes_on_from_page_to_page_and_filters(kwip, monkeypatch):
    monkeypatch.setattr(members, "_BATCH", 2)
    names = [f"user_{number}" for number in range(5)]
    for name in names:
        email = f"{name}@example.org"
        kwip("users", "create", name, "--email", email, "--password", "correct horse")
    kwip("users", "suspend", "user_1")
    kwip("users", "modify", "user_3", "--role", "moderator")

    def listed(*options):
        found = kwip("users", "list", *options, "--json").json["users"]
        return [each["username"] for each in found]

    assert listed() == names[::-1]
    assert listed("--role", "moderator") == ["user_3"]
    assert listed("--state", "suspended") == ["user_1"]
    assert listed("--state", "unconfirmed") == []
    assert listed("--search", "user_2@example.org") == ["user_2"]
    assert listed("--search", "nobody") == []
    lines = kwip("users", "list").out.splitlines()
    assert lines[-1] == "5 users"
    assert lines[1].split()[1:] == ["@user_3", "0", "moderator"]


def test_password_is_read_and_ends_sessions(kwip, wiring):
    alice = kwip("users", "create", *ALICE, "--json").json
    wiring.services.authentication.begin_session(int(alice["id"]), "alice", "test")
    run = kwip("users", "password", "alice", "--json", stdin="another horse\n")

    assert run.code == 0
    assert run.json == {**alice, "sessions_ended": 1, "tokens_ended": 0}
    assert wiring.services.authentication.prove("alice", "another horse")


def test_password_ends_tokens_if_asked(kwip):
    kwip("users", "create", *ALICE)
    kwip("users", "token", "alice")
    run = kwip("users", "password", "alice", "--end-tokens", stdin="another horse\n")

    assert run.code == 0
    assert run.out.splitlines()[-1].split() == ["tokens_ended", "1"]


def test_a_password_that_is_too_short_is_one_clear_line_and_2(kwip):
    kwip("users", "create", *ALICE)
    run = kwip("users", "password", "alice", stdin="short\n")

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "kwip: That password can't be used. password: Use 8 to 256 characters.\n"
    )


def test_delete_removes_a_user_and_says_what(kwip, wiring):
    alice = kwip("users", "create", *ALICE, "--json").json
    wiring.services.posts.publish(int(alice["id"]), Draft(text="Hello"))
    run = kwip("users", "delete", "alice", "--yes", "--json")

    assert run.code == 0
    assert (run.json["removed"]["posts"], run.json["is_dry_run"]) == (1, False)
    assert wiring.stores.users.get_many([int(alice["id"])]) == {}
    assert kwip("users", "delete", "alice", "--yes").err == (
        "kwip: There is no user alice.\n"
    )


def test_a_deletion_that_died_at_its_end_is_run_again_by_name(
    kwip, wiring, monkeypatch
):
    kwip("users", "create", *ALICE)
    user_id = wiring.stores.users.ids_of(["alice"])["alice"]
    with monkeypatch.context() as broken:
        broken.setattr(invalidation_rules, "leave", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            wiring.services.deletion.run(user_id, Bars(is_quiet=True))
    again = kwip("users", "delete", "Alice", "--yes", "--json")

    assert (again.code, again.json["id"]) == (0, str(user_id))
    assert kwip("users", "delete", "alice", "--yes").code == 2


def test_a_dry_run_deletes_nothing(kwip, wiring):
    alice = kwip("users", "create", *ALICE, "--json").json
    run = kwip("users", "delete", "alice", "--dry-run", "--json")

    assert (run.code, run.json["is_dry_run"]) == (0, True)
    assert (
        not wiring.stores.users.get_many([int(alice["id"])]).popitem()[1].is_suspended
    )


@pytest.mark.parametrize(("typed", "code"), [("alice\n", 0), ("alicia\n", 2), ("", 2)])
def test_delete_asks_for_the_name_again(kwip, wiring, typed, code):
    kwip("users", "create", *ALICE)
    run = kwip("users", "delete", "Alice", stdin=typed)

    assert run.code == code
    assert ("alice" in wiring.stores.users.ids_of(["alice"])) == (code == 2)
    if code:
        assert run.err == (
            "kwip: Nothing was deleted. To confirm, type alice, or use --yes.\n"
        )
