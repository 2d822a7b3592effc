"""What staff keep out of trends, searches and previews: at once, and everywhere."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP, AuditQuery
from kwip.domain.accounts.roles import Role
from kwip.domain.administration.discovery_rules import (
    DiscoveryRule,
    DiscoveryRules,
    Place,
    RuleKind,
)
from kwip.domain.errors import InvalidError
from kwip.domain.media.link_previews import LinkPreview, PreviewKind

LINK = "https://news.example.org/rye"
ADMIN = "/api/v1/admin/trends"


@pytest.fixture
def bread(wiring, alice, bob, people):
    """Let a hashtag, a link and a kwip trend, with a preview; give the kwip."""
    posts = [person.say(f"Look: {LINK} #bread") for person in (alice, bob)]
    for name in ("carol", "dave"):
        people(name).post(f"/api/v1/statuses/{posts[0]['id']}/favourite")
    for post in posts:
        if lease := wiring.services.fanout.begin(int(post["id"])):
            wiring.services.fanout.deliver(lease)
    preview = LinkPreview(url=LINK, kind=PreviewKind.LINK, title="Rye")
    post = wiring.stores.posts.get_many([int(posts[0]["id"])]).popitem()[1]
    wiring.services.previews._store(post, preview)
    wiring.services.trending.recompute()
    return posts[0]


def trending(client):
    return [
        [each.get("name", each.get("url")) for each in client.get(path).json]
        for path in ("/api/v1/trends/tags", "/api/v1/trends/links")
    ]


def test_what_is_hidden_is_gone_everywhere_and_comes_back(
    bread, at_moderator, at_bob, bob, app, wiring
):
    visitor = app.test_client()
    search = "/api/v2/search?type=hashtags&q=bre"
    assert trending(visitor) == [["bread"], [LINK]]
    assert "#bread" in at_bob.get("/explore/hashtags").words
    found = at_moderator.get("/admin/hashtags?q=bre")
    assert "#bread" in found.words
    hide = {"kind": "tag", "name": "bread", "search": "1", "reason": "Dull"}
    at_moderator.send("/admin/hashtags", **hide)
    assert trending(visitor) == [[], [LINK]]
    assert "#bread" not in at_bob.get("/explore/hashtags").words
    assert [tag["name"] for tag in bob.get(search).json["hashtags"]] == ["bread"]
    del hide["search"]
    at_moderator.send("/admin/hashtags", **hide, q="bre")
    assert bob.get(search).json["hashtags"] == []
    assert "#bread" in at_moderator.get("/admin/hashtags?q=bre").words
    wiring.services.trending.recompute()
    assert "#bread" in at_moderator.get("/admin/hashtags").words
    at_moderator.send("/admin/hashtags", **hide, trends="1", search="1")
    wiring.services.trending.recompute()

    assert trending(visitor) == [["bread"], [LINK]]
    logged = wiring.services.audit_log.page(AuditQuery(subject="#bread"))
    assert [entry.details["hidden_in"] for entry in logged] == [
        *("nothing", "search, trends", "trends")
    ]
    assert {(e.actor.name, e.reason) for e in logged} == {("mod", "Dull")}


def test_a_blocked_domain_has_neither_trends_nor_previews(
    bread, at_moderator, at_bob, app, wiring
):
    visitor, path = app.test_client(), f"/api/v1/statuses/{bread['id']}"
    widget = f"/embed/post/{bread['id']}"
    assert visitor.get(path).json["card"]["title"] == "Rye"
    assert "Rye" in visitor.get(widget).text
    wrong = at_moderator.send("/admin/links", 422, kind="domain", name="no domain")
    assert "Enter a domain" in wrong.words
    at_moderator.send("/admin/links", kind="domain", name="www.Example.org")

    assert visitor.get(path).json["card"] is None
    assert "Rye" not in visitor.get(widget).text
    assert trending(visitor) == [["bread"], []]
    assert "example.org" in at_moderator.get("/admin/links").words
    post = wiring.stores.posts.get_many([int(bread["id"])]).popitem()[1]
    assert not wiring.services.previews._may_have_one(post.link_to_preview)


def test_apps_of_staff_reject_and_approve(bread, wiring, bob, app):
    wiring.services.moderation.set_role(bob.user.id, Role.MODERATOR)
    token = bob.make_token(frozenset({"admin:read", "admin:write"}))
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client(use_cookies=False)

    def do(path):
        answer = client.post(f"{ADMIN}/{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    [tag] = client.get(f"{ADMIN}/tags", headers=headers).json
    [link] = client.get(f"{ADMIN}/links", headers=headers).json
    [status] = client.get(f"{ADMIN}/statuses", headers=headers).json
    assert (tag["trendable"], tag["listable"]) == (True, True)
    things = {"tags": tag, "links": link, "statuses": status}
    for kind, thing in things.items():
        do(f"{kind}/{thing['id']}/reject")
        assert client.get(f"{ADMIN}/{kind}", headers=headers).json == []
    assert not do("tags/other/reject")["trendable"]
    for kind, thing in things.items():
        do(f"{kind}/{thing['id']}/approve")
        assert len(client.get(f"{ADMIN}/{kind}", headers=headers).json) == 1
    assert bob.get(f"{ADMIN}/tags").status_code == 403
    assert client.post(f"{ADMIN}/links/1/reject", headers=headers).status_code == 404


def test_rules_compare_what_they_name():
    rules = DiscoveryRules.of(
        1,
        [
            DiscoveryRule(RuleKind.TAG, "tea", frozenset({Place.SEARCH})),
            DiscoveryRule(RuleKind.DOMAIN, "a.example", frozenset({Place.PREVIEWS})),
        ],
    )

    assert not rules.tag_may(Place.TRENDS, "tea")
    assert rules.tag_may(Place.SEARCH, "teapot")
    for url, may in {
        "https://a.example/x": False,
        "https://b.a.example:80": False,
        "https://ba.example": True,
        "https://[": True,
    }.items():
        assert (url, rules.link_may(Place.PREVIEWS, url)) == (url, may)
        assert rules.link_may(Place.TRENDS, url)


@pytest.mark.parametrize(
    ("kind", "name", "place"),
    [
        (RuleKind.TAG, "no tag!", Place.TRENDS),
        (RuleKind.TAG, "tea", Place.PREVIEWS),
        (RuleKind.LINK, "javascript:x", Place.TRENDS),
        (RuleKind.POST, "x", Place.TRENDS),
    ],
)
def test_what_cannot_be_hidden_is_refused(wiring, kind, name, place):
    with pytest.raises(InvalidError):
        wiring.services.discovery_changes.hide(kind, name, [place], BY_KWIP)

    assert wiring.services.discovery_changes.store.read().rules == ()
