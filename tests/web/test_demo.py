from __future__ import annotations

import json

import pytest

from kwip.blueprints import assets
from kwip.cli.starting import demo
from kwip.domain.clock import system_clock_ms
from kwip.domain.ids import ms_of
from kwip.domain.posting.posts import Visibility
from kwip.domain.posting.reactions import Act
from kwip.services.posting.posts import Posts

WORLD = json.loads(demo._WORLD.read_text(encoding="utf-8"))
PEOPLE = {person["username"] for person in WORLD["people"]}
DAY_MS = 86_400_000
#: Each hour of two days, to the second.
MOMENTS = [1_790_000_000_000 + hour * 3_600_000 for hour in range(48)]


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Let the world be four people and what they said in its first two days."""
    names = {"demo", "robin", "yusuf", "nadia"}
    people = [p for p in WORLD["people"] if p["username"] in names]
    world = {
        "people": [p | {"follows": sorted(names - {p["username"]})} for p in people],
        "kwips": list(_among(names, WORLD["kwips"])),
    }
    path = tmp_path / "world.json"
    path.write_text(json.dumps(world), encoding="utf-8")
    monkeypatch.setattr(demo, "_WORLD", path)
    return world


def _among(names, kwips):
    for kwip in kwips:
        if kwip["author"] in names:
            replies = list(_among(names, kwip.get("replies", ())))
            yield kwip | {"replies": replies}


class KilledError(Exception):
    pass


@pytest.fixture
def killed_at(monkeypatch):
    """Return a function that lets the load die before a kwip, until it is undone."""
    publish, count = Posts.publish, iter(range(10_000))

    def kill(number):
        def die_at(self, author_id, draft):
            if next(count) == number:
                raise KilledError
            return publish(self, author_id, draft)

        monkeypatch.setattr(Posts, "publish", die_at)

    return kill


def test_whenever_it_is_loaded_everything_was_said_before_in_a_sane_order():
    for now_ms in MOMENTS:
        plan = demo.plan(WORLD["kwips"], now_ms)
        times = [kwip.at_ms for kwip in plan]
        lost = next(k for k in plan if k.text.startswith("Lost: one library cat"))
        found = next(k for k in plan if k.text.startswith("Found. He was in"))

        assert times == sorted(times)
        assert now_ms - 16 * DAY_MS < times[0] < now_ms - 13 * DAY_MS
        assert now_ms - DAY_MS / 24 < times[-1] <= now_ms
        assert all(k.parent is None or k.parent < i for i, k in enumerate(plan))
        assert lost.at_ms < found.at_ms


def test_the_world_is_whole():
    plan = demo.plan(WORLD["kwips"], MOMENTS[0])

    assert len(PEOPLE) >= 25
    assert len(plan) >= 300
    assert {kwip.author for kwip in plan} == PEOPLE
    assert len({kwip.language for kwip in plan}) >= 8
    assert {kwip.visibility for kwip in plan} == set(Visibility)
    for person in WORLD["people"]:
        assert set(person["follows"]) <= PEOPLE - {person["username"]}
        assert (assets.FOLDER / person["avatar"]).is_file()


def test_people_respond_to_what_they_follow_after_it_was_said():
    for now_ms in MOMENTS:
        plan = demo.plan(WORLD["kwips"], now_ms)
        found = demo.responses(plan, WORLD["people"], now_ms)
        follows = {p["username"]: p["follows"] for p in WORLD["people"]}

        assert {r.act for r in found} == set(Act) - {Act.VOTE}
        for response in found:
            kwip = plan[response.place]
            assert kwip.at_ms <= response.at_ms < now_ms
            is_fan = kwip.author in follows[response.username]
            assert is_fan or response.act is Act.BOOKMARK


def test_a_load_that_was_killed_goes_on_and_repeats_nothing(
    settings, endpoints, mongodb, killed_at, small
):
    killed_at(20)
    with pytest.raises(KilledError):
        demo.load(settings, endpoints, delivery_s=0)
    first = {post["_id"]: post["text"] for post in mongodb["posts"].find()}

    for _ in range(2):
        assert demo.load(settings, endpoints, delivery_s=0)

    posts = list(mongodb["posts"].find({"repost_of_id": None}).sort("_id"))
    said = [kwip.text for kwip in demo.plan(small["kwips"], MOMENTS[0])]
    assert len(first) == 20 < len(said)
    assert {p["_id"]: p["text"] for p in posts[:20]} == first
    assert sorted(p["text"] for p in posts) == sorted(said)
    assert ms_of(posts[0]["_id"]) < system_clock_ms() - 13 * DAY_MS
    assert mongodb["users"].count_documents({}) == 4
    assert mongodb["follows"].count_documents({"state": "active"}) == 12
    assert mongodb["jobs"].find_one({"_id": "demo"})["state"] == "done"


def test_the_demo_login_opens_a_home_with_something_in_it(
    settings, endpoints, small, anybody
):
    demo.load(settings, endpoints, delivery_s=0)
    anybody.take_token("/login")

    where = anybody.send("/login", login=demo.USERNAME, password=demo.PASSWORD)

    assert where == "/home"
    assert anybody.get("/home").texts
    assert anybody.get("/@robin").with_class("counts")[0].words.count("3") == 2


def test_where_people_are_already_nothing_is_loaded(
    settings, endpoints, alice, mongodb
):
    assert not demo.load(settings, endpoints, delivery_s=0)

    assert mongodb["users"].count_documents({}) == 1
    assert mongodb["posts"].count_documents({}) == 0
    assert mongodb["jobs"].count_documents({}) == 0


def test_a_load_that_was_killed_long_ago_is_left_as_it_is(
    settings, endpoints, mongodb, killed_at, small
):
    killed_at(3)
    with pytest.raises(KilledError):
        demo.load(settings, endpoints, delivery_s=0)

    def tomorrow():
        return system_clock_ms() + DAY_MS

    assert demo.load(settings, endpoints, clock=tomorrow, delivery_s=0)
    assert mongodb["posts"].count_documents({}) == 3
