from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from kwip.jobs.registry import jobs
from tests.api.paging import links, walk
from tests.api.test_media import upload


@pytest.fixture
def seven(alice):
    """Let Alice say seven things; return their ids, newest first."""
    return [alice.say(f"kwip {n}")["id"] for n in range(7)][::-1]


@pytest.mark.parametrize(
    "path", ["/api/v1/timelines/home", "/api/v1/timelines/public", "own"]
)
def test_next_leads_through_everything_and_ends(alice, seven, path):
    path = f"/api/v1/accounts/{alice.id}/statuses" if path == "own" else path

    pages = walk(alice, f"{path}?limit=3", "next")

    assert [i for page in pages for i in page] == seven
    assert [len(page) for page in pages] == [3, 3, 1]


def test_a_last_page_that_is_full_has_no_next(alice, seven):
    answer = alice.get("/api/v1/timelines/home?limit=7")

    assert list(links(answer)) == ["prev"]


def test_next_comes_first_and_both_keep_the_other_parameters(alice, seven, settings):
    answer = alice.get("/api/v1/timelines/public/?limit=2&local=true&x=%C3%A4%22%3E")

    found = links(answer)
    assert list(found) == ["next", "prev"]
    for rel, cursor, at in (("next", "max_id", 1), ("prev", "min_id", 0)):
        assert found[rel].startswith(f"{settings.origin}/api/v1/timelines/public?")
        assert parse_qs(urlsplit(found[rel]).query) == {
            "limit": ["2"],
            "local": ["true"],
            "x": ['ä">'],
            cursor: [answer.json[at]["id"]],
        }


def test_prev_leads_back_up_page_by_page(alice, seven):
    start = f"/api/v1/timelines/home?limit=3&min_id={seven[-1]}"

    pages = walk(alice, start, "prev")

    assert pages == [seven[3:6], seven[:3], []]


def test_the_three_cursors_are_where_mastodon_has_them(alice, seven):
    path = "/api/v1/timelines/home?limit=2&"

    def ids(query):
        return [s["id"] for s in alice.get(path + query).json]

    assert ids(f"max_id={seven[2]}") == seven[3:5]
    assert ids(f"since_id={seven[4]}") == seven[0:2]
    assert ids(f"min_id={seven[4]}") == seven[2:4]
    assert ids(f"max_id={seven[1]}&since_id={seven[3]}") == [seven[2]]
    assert ids(f"max_id={2**63 - 1}") == seven[0:2]
    assert ids("max_id=&since_id=&min_id=") == seven[0:2]
    assert ids("max_id=0") == []


@pytest.mark.parametrize(
    ("limit", "shown"),
    [("1", 1), ("0", 1), ("-5", 1), ("41", 7), ("9" * 5_000, 7), ("", 7)],
)
def test_a_limit_outside_of_what_is_allowed_is_moved_into_it(
    alice, seven, limit, shown
):
    answer = alice.get(f"/api/v1/timelines/home?limit={limit}")

    assert len(answer.json) == shown


@pytest.mark.parametrize("path", ["home", "public"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "many"),
        ("limit", "1e3"),
        ("limit", "%D9%A3"),
        ("max_id", "x"),
        ("since_id", "-1"),
        ("min_id", "9223372036854775808"),
        ("max_id", "9" * 3_000),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(alice, path, name, value):
    answer = alice.get(f"/api/v1/timelines/{path}?{name}={value}")

    assert answer.status_code == 400
    assert answer.json["error"]
    assert list(answer.json["details"]) == [name]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/timelines/public",
        "/api/v1/timelines/home",
        "/api/v1/timelines/tag/tea",
        "/api/v1/accounts/{alice}/statuses",
    ],
)
def test_repeats_are_folded_for_whoever_asks_for_it(alice, bob, wiring, path):
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    for text in ("#tea?", "cake? #tea", "#tea?"):
        jobs(wiring.services)["fanout"](alice.say(text)["id"])
    path = path.format(alice=alice.id)

    assert len(bob.get(path).json) == 3
    assert len(bob.get(f"{path}?repeats=show").json) == 3
    folded = bob.get(f"{path}?repeats=fold").json
    assert [status["content"].count("cake") for status in folded] == [1, 0]
    wrong = bob.get(f"{path}?repeats=no")
    assert wrong.status_code in {400, 422}
    assert "repeats" in wrong.json["details"]


def test_home_shows_whom_one_follows_and_the_public_everybody(alice, bob):
    said = bob.say("hello")

    assert alice.get("/api/v1/timelines/home").json == []
    public = alice.get("/api/v1/timelines/public?local=true").json
    assert [s["id"] for s in public] == [said["id"]]


def test_asked_for_other_servers_the_public_is_empty(alice, client):
    alice.say("hello")

    assert client.get("/api/v1/timelines/public?remote=true").json == []
    assert len(client.get("/api/v1/timelines/public?remote=0").json) == 1


def test_the_public_shows_only_kwips_with_media_to_who_asks_for_them(alice, client):
    alice.say("hello")
    shown = alice.say("look", media_ids=[upload(alice)["id"]])
    alice.say("bye")

    only = client.get("/api/v1/timelines/public?only_media=true").json
    assert [status["id"] for status in only] == [shown["id"]]
    assert len(client.get("/api/v1/timelines/public?only_media=0").json) == 3


def test_quota_headers_come_together_and_so_not_at_all_yet(alice):
    headers = alice.get("/api/v1/timelines/home").headers

    assert not [name for name in dict(headers) if name.startswith("X-RateLimit")]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/timelines/public",
        "/api/v1/timelines/home",
        "/api/v1/timelines/tag/tea",
        "/api/v1/accounts/{alice}/statuses",
    ],
)
def test_the_active_order_is_followed_by_link_whatever_moves(alice, wiring, path):
    made = [alice.say(f"#tea {n}")["id"] for n in range(5)]
    alice.say("hot", in_reply_to_id=made[1])
    wiring.fence.invalidate(["active:public:0", "active:tag:tea"])
    path = path.format(alice=alice.id)
    first = alice.get(f"{path}?order=active&limit=2")
    alice.say("hot", in_reply_to_id=made[0])
    alice.say("hot", in_reply_to_id=made[4])
    wiring.fence.invalidate(["active:public:0", "active:tag:tea"])
    following = links(first)["next"].partition("/api")
    rest = walk(alice, "".join(following[1:]), "next")

    pages = [[status["id"] for status in first.json], *rest]
    assert pages == [[made[1], made[4]], [made[3], made[2]], [made[0]]]
    anew = alice.get(f"{path}?order=active&limit=2").json
    assert [status["id"] for status in anew] == [made[4], made[0]]
    assert "order" in alice.get(f"{path}?order=loud").json["details"]


def test_a_hashtags_timeline_takes_other_hashtags_in_three_modes(alice):
    for text in ("#tea", "#rye", "#tea #rye", "#tea #oat"):
        alice.say(text)
    path = "/api/v1/timelines/tag/tea"

    def count(query):
        return len(alice.get(f"{path}?{query}").json)

    assert count("any[]=Rye") == 4
    assert count("all[]=%23rye") == 1
    assert count("none[]=rye&none[]=oat") == 1
    assert count("any=rye&all=tea&none=oat") == 2
    links_of = links(alice.get(f"{path}?any[]=rye&limit=1"))
    assert "any%5B%5D=rye" in links_of["next"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("any[]=1", "any"), ("all[]=a&all[]=b&all[]=c&all[]=d&all[]=e", "all")],
)
def test_hashtags_that_cannot_be_asked_for_are_named(alice, query, field):
    answer = alice.get(f"/api/v1/timelines/tag/tea?{query}")

    assert answer.status_code in {400, 422}
    assert list(answer.json["details"]) == [field]
