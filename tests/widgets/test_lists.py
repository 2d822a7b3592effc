"""Lists that their owners made public, as everybody sees them on other sites."""

from __future__ import annotations

import re

import pytest

from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.timelines.lists import ListChange, RepliesPolicy
from tests.people import sign_in
from tests.widgets.test_widgets import ROOT


def viewer_of(person):
    return Viewer(id=person.user.id, username=person.user.username, digest="")


class Shared:
    """Alice's public list with Bob, and what everybody gets of it."""

    def __init__(self, client, services, alice, bob):
        self._client, self._services = client, services
        self._alice = viewer_of(alice)
        services.relationships.follow(self._alice, bob.user.id)
        change = ListChange(title="Friends <b>", is_public=True)
        self.id = services.lists.create(self._alice, change).id
        services.lists.add(self._alice, self.id, [bob.user.id])

    def change(self, **settings):
        self._services.lists.change(self._alice, self.id, ListChange(**settings))

    def delete(self):
        self._services.lists.delete(self._alice, self.id)

    def deliver(self, status):
        self._services.fanout.deliver(self._services.fanout.begin(int(status["id"])))
        return status["id"]

    def get(self, query=""):
        return self._client.get(f"{ROOT}/list/{self.id}{query}")

    def ids(self, query=""):
        answer = self.get(query)
        assert answer.status_code == 200, answer.text
        return [post["id"] for post in answer.json["posts"]]


@pytest.fixture
def shared(client, wiring, alice, bob):
    return Shared(client, wiring.services, alice, bob)


def test_a_public_list_has_the_public_posts_of_its_members_alone(
    shared, bob, people, wiring
):
    carol = people("carol")
    said = shared.deliver(bob.say("hello"))
    for visibility in ("unlisted", "private", "direct"):
        shared.deliver(bob.say("@alice not for all", visibility=visibility))
    other = carol.say("from somebody else")["id"]
    shared.deliver(bob.say("a reply to them", in_reply_to_id=other))
    to_alice = shared.deliver(bob.say("@alice hi"))
    repost = shared.deliver(bob.post(f"/api/v1/statuses/{other}/reblog").json)

    assert shared.ids() == [other, to_alice, said]
    assert shared.ids("?reposts=false") == [to_alice, said]
    assert shared.ids("?limit=1&reposts=false") == [to_alice]
    assert shared.ids(f"?before={to_alice}") == [said]
    assert shared.ids(f"?after={to_alice}") == [other]
    assert shared.ids("?media=true") == []
    assert shared.get("?order=active").json["details"].keys() == {"order"}
    assert set(shared.get().headers["Surrogate-Key"].split()) >= {
        f"list:{shared.id}",
        f"post:{repost}",
    }


def test_a_public_list_reveals_nothing_that_its_owner_mutes_or_follows(
    shared, alice, bob, people, wiring
):
    carol = people("carol")
    relationships, owner = wiring.services.relationships, viewer_of(alice)
    relationships.follow(owner, carol.user.id)
    shared.change(replies_policy=RepliesPolicy.FOLLOWED)
    root = carol.say("a root")["id"]
    shared.deliver(bob.say("to whom she follows", in_reply_to_id=root))
    said = shared.deliver(bob.say("hello"))
    relationships.mute(owner, bob.user.id)

    assert shared.ids() == [said]


def test_a_list_that_is_not_public_is_not_found(shared, alice, bob, wiring):
    said = shared.deliver(bob.say("hello"))
    assert shared.ids() == [said]

    shared.change(is_public=False)
    missing = shared.get()
    assert (missing.status_code, missing.mimetype) == (404, "application/json")
    shared.change(is_public=True)
    assert shared.ids() == [said]
    users, owner = wiring.services.users, viewer_of(alice)
    users.update_profile(owner, ProfileChange(is_embeddable=False))
    assert shared.get().status_code == 404
    users.update_profile(owner, ProfileChange(is_embeddable=True))
    wiring.services.moderation.suspend(alice.user.id)
    assert shared.get().status_code == 404
    wiring.services.moderation.unsuspend(alice.user.id)
    assert shared.ids() == [said]
    shared.delete()
    assert shared.get().data == missing.data
    assert shared.get("x").status_code == 404


def test_a_member_who_turned_widgets_off_is_left_out(shared, bob, wiring):
    said = shared.deliver(bob.say("hello"))
    assert shared.ids() == [said]
    change = ProfileChange(is_embeddable=False)
    wiring.services.users.update_profile(viewer_of(bob), change)

    assert shared.ids() == []


def test_a_public_list_is_a_feed_and_a_frame(shared, bob, client):
    shared.deliver(bob.say("hello"))
    paths = [f"/lists/{shared.id}.{e}" for e in ("rss", "atom", "json")]
    paths.append(f"/embed/list/{shared.id}?theme=dark")

    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "hello" in answer.text
        assert f"list:{shared.id}" in answer.headers["Surrogate-Key"].split()
        is_json = path.endswith(".json")
        assert ("Friends <b>" if is_json else "Friends &lt;b&gt;") in answer.text
    feed = client.get(paths[2]).json
    frame = client.get(feed["home_page_url"].removeprefix("http://127.0.0.1:8000"))
    assert "List by @alice" in frame.text
    shared.change(is_public=False)
    assert [client.get(path).status_code for path in paths] == [404] * 4


def test_a_public_list_says_how_to_embed_it(shared, client, settings):
    page = f"{settings.origin}/embed/list/{shared.id}"
    link = re.search(r'json\+oembed" href="([^"]+)"', client.get(page).text)[1]

    for path in (link, f"/api/oembed?url={settings.origin}/lists/{shared.id}"):
        answer = client.get(path.removeprefix(settings.origin))
        assert answer.status_code == 200
        assert (answer.json["type"], answer.json["title"]) == ("rich", "Friends <b>")
        assert f'data-kwip="list/{shared.id}" cite="{page}"' in answer.json["html"]
        assert "Friends &lt;b&gt;</bdi>, a list by" in answer.json["html"]
        keys = answer.headers["Surrogate-Key"].split()
        assert keys[0] == f"list:{shared.id}"
    shared.change(is_public=False)
    assert client.get(link.removeprefix(settings.origin)).status_code == 404
    assert client.get(f"/api/oembed?url={settings.origin}/lists/7").status_code == 404


def test_lists_are_private_unless_the_box_is_checked(
    app, wiring, alice, bob, client, shared
):
    browser = sign_in(app, wiring, alice)
    private = alice.post("/api/v1/lists", json={"title": "Own"}).json
    assert "is_public" not in private
    path = f"{ROOT}/list/{private['id']}"
    assert client.get(path).status_code == 404
    form = {"title": "Own", "replies_policy": "list", "is_public": "1"}
    form["csrf_token"] = browser.form_token

    browser.post(f"/lists/{private['id']}/edit", data=form)

    assert client.get(path).json["posts"] == []
    feed = f'href="http://127.0.0.1:8000/lists/{private["id"]}.rss"'
    assert feed in browser.get(f"/lists/{private['id']}").text
    page = browser.get(f"/lists/{private['id']}/edit").text
    assert 'name="is_public" value="1" checked' in page
    assert f'href="/embed/list/{private["id"]}"' in page
    alice.ask("PUT", f"/api/v1/lists/{private['id']}", json={"title": "Renamed"})
    assert client.get(path).status_code == 200
    del form["is_public"]
    browser.post(f"/lists/{private['id']}/edit", data=form)
    assert client.get(path).status_code == 404
