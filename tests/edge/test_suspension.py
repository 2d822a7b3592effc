"""A suspended account over HTTP, when another process suspends it."""

from __future__ import annotations

import re

import pytest

from kwip.blueprints import routes
from kwip.domain.accounts.two_factor import Proof
from kwip.wiring import Options, build
from tests.edge.surfaces import TODAY
from tests.people import PASSWORD, sign_in
from tests.thorough import part
from tests.wired import viewer_of

ARGUMENT = re.compile(r"<(?:.+?:)?(\w+)>")
SECRET, TAG = "wombat", "tea"


@pytest.fixture
def moderation(settings, endpoints):
    """Return what an operator's own process does to accounts."""
    made = build(
        settings, endpoints, role="cli", options=Options(enqueue=lambda *_: None)
    )
    yield made.services.moderation
    made.close()


@pytest.fixture
def shown(app, wiring, alice, bob):
    """Return every way to look at bob and his kwip: by path, in each role."""
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    kwip = bob.say(f"{SECRET} #{TAG}")
    alice.post(f"/api/v1/statuses/{kwip['id']}/favourite")
    alice.post(f"/api/v1/statuses/{kwip['id']}/reblog")
    bob.ask("PATCH", "/api/v1/accounts/update_credentials", data={"note": SECRET})
    friends = alice.post("/api/v1/lists", json={"title": "Friends"}).json["id"]
    alice.post(f"/api/v1/lists/{friends}/accounts", json={"account_ids": [bob.id]})
    values = {
        "list_id": friends,
        "post_id": kwip["id"],
        "user_id": bob.id,
        "username": "bob",
        "tag": TAG,
        "name": TAG,
        "chosen": "mentions",
        "extension": "rss",
        **TODAY,
    }
    paths = [
        ARGUMENT.sub(lambda match: values[match[1]], row.rule)
        for area in routes.AREAS.values()
        for row in area
        if row.method == "GET" and set(ARGUMENT.findall(row.rule)) <= set(values)
    ]
    browser = sign_in(app, wiring, alice)
    nobody = app.test_client(use_cookies=False)

    def look(of=1):
        for path in part(paths, of=of):
            yield path, nobody.get(path)
            yield path, browser.get(path)
            if path.startswith("/api/v1"):
                yield path, alice.get(path)

    return look


def tells(answer):
    return SECRET.encode() in answer.data


def named(path, bob):
    """Tell whether a path names bob or his kwip, and not a list that he is in."""
    is_list = re.search(r"/lists?/", path)
    return not is_list and re.search(rf"bob|{bob.id}|/\d{{9,}}", path) is not None


@pytest.mark.parametrize("how", ["suspended", "closed"])
def test_nothing_of_a_hidden_user_is_on_any_page_until_they_are_back(
    shown, moderation, wiring, bob, how
):
    # A closed account is suspended, so it is looked for at fewer places.
    of = 4 if how == "closed" else 2
    before = [path for path, answer in shown(of) if tells(answer)]
    assert before

    if how == "closed":
        wiring.services.closing.close(viewer_of(bob.user), Proof(password=PASSWORD))
    else:
        moderation.suspend(bob.user.id)

    for path, answer in shown(of):
        assert not tells(answer), path
        if named(path, bob):
            assert answer.status_code in {303, 401, 403, 404, 410}, (
                path,
                answer.status,
            )
    if how == "closed":
        wiring.services.authentication.begin_session(bob.user.id, "bob", "a browser")
    else:
        moderation.unsuspend(bob.user.id)

    assert [path for path, answer in shown(of) if tells(answer)] == before


def test_the_profile_of_a_suspended_user_says_so(client, moderation, bob):
    moderation.suspend(bob.user.id)
    page = client.get("/@bob")
    account = client.get(f"/api/v1/accounts/{bob.id}")

    assert (page.status_code, account.status_code) == (410, 404)
    assert "This account isn&#39;t available." in page.text
    assert account.json == {"error": "This account isn't available."}


def test_a_token_opens_nothing_from_the_suspension_on(moderation, bob):
    assert bob.get("/api/v1/timelines/home").status_code == 200

    moderation.suspend(bob.user.id)

    assert bob.get("/api/v1/timelines/home").status_code == 401
    answer = bob.post("/api/v1/statuses", json={"status": "Still here"})
    assert answer.status_code == 401


def test_a_session_opens_nothing_from_the_suspension_on(app, wiring, moderation, bob):
    browser = sign_in(app, wiring, bob)
    assert browser.get("/home").status_code == 200

    moderation.suspend(bob.user.id)

    answer = browser.get("/home")
    assert (answer.status_code, answer.location) == (303, "/login?next=/home")


def test_tokens_open_again_after_a_suspension(moderation, bob):
    moderation.suspend(bob.user.id)
    moderation.unsuspend(bob.user.id)

    assert bob.get("/api/v1/timelines/home").status_code == 200
    assert bob.say("Back again")["content"]


@pytest.mark.parametrize("act", ["mute", "block"])
def test_a_suspended_user_is_not_among_the_muted_and_the_blocked(
    app, wiring, moderation, alice, bob, act
):
    bob.ask("PATCH", "/api/v1/accounts/update_credentials", data={"note": SECRET})
    alice.post(f"/api/v1/accounts/{bob.id}/{act}")
    browser = sign_in(app, wiring, alice)

    def seen():
        listed = alice.get(f"/api/v1/{act}s").json
        page = browser.get("/settings/muted" if act == "mute" else "/settings/blocked")
        return [account["note"] for account in listed], "@bob" in page.text

    assert seen() == ([f"<p>{SECRET}</p>"], True)
    moderation.suspend(bob.user.id)
    assert seen() == ([], False)
    assert alice.post(f"/api/v1/accounts/{bob.id}/un{act}").status_code == 200


@pytest.mark.parametrize(
    ("password", "said"),
    [
        (PASSWORD, "This account is suspended."),
        ("wrong horse", "Wrong username or password."),
    ],
)
def test_only_the_right_password_tells_of_a_suspension(
    app, moderation, bob, password, said
):
    moderation.suspend(bob.user.id)
    browser = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login").text)
    fields = {"login": "bob", "password": password, "csrf_token": token[1]}
    answer = browser.post("/login", data=fields)

    assert answer.status_code in {401, 422}
    assert said in answer.text


def test_nobody_can_follow_a_suspended_user(moderation, alice, bob):
    moderation.suspend(bob.user.id)

    assert alice.post(f"/api/v1/accounts/{bob.id}/follow").status_code == 404


def test_one_can_still_unfollow_a_suspended_user(moderation, alice, bob):
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    moderation.suspend(bob.user.id)

    answer = alice.post(f"/api/v1/accounts/{bob.id}/unfollow")
    assert (answer.status_code, answer.json["following"]) == (200, False)


def test_a_reply_no_longer_names_whom_it_answers(moderation, alice, bob, client):
    kwip = bob.say("A question")
    answer = alice.say("An answer", in_reply_to_id=kwip["id"])
    assert "@bob" in client.get(f"/@alice/{answer['id']}").text

    moderation.suspend(bob.user.id)

    assert "@bob" not in client.get(f"/@alice/{answer['id']}").text
