"""What a whole request costs when everything is warm: the edge asks nothing itself."""

from __future__ import annotations

import pytest
from pymongo import UpdateOne
from redis import Redis

from kwip import telemetry
from kwip.app import create_app
from kwip.domain.accounts.users import ProfileChange, User, Viewer
from kwip.domain.ids import UserId
from kwip.domain.timelines.lists import ListChange
from kwip.schemas.posting.posts import StatusSchema
from kwip.services.media.emojis import NewEmoji
from kwip.services.reading import post_entities
from kwip.services.timelines import threads
from kwip.wiring import Options, build
from tests.commands import Commands
from tests.conversations import grow
from tests.people import People, sign_in
from tests.pictures import plain, sent
from tests.servers import no_quotas, settings_in, wait_until


@pytest.fixture
def settings(tmp_path):
    """Return settings with every quota on: charging must cost no round trip."""
    huge = dict.fromkeys(no_quotas(), "1000000")
    return settings_in(tmp_path / "home", **huge)


@pytest.fixture
def commands():
    return Commands()


@pytest.fixture
def wiring(settings, endpoints, commands):
    made = build(
        settings,
        endpoints,
        role="web",
        options=Options(enqueue=lambda *_: None, listeners=[commands]),
    )
    wait_until(lambda: made.fence.lease() is not None)
    yield made
    made.close()


@pytest.fixture
def app(wiring, settings):
    return create_app(wiring, settings)


@pytest.fixture
def people(app, wiring):
    return People(app, wiring)


@pytest.fixture
def known(alice, bob, wiring):
    """Return the ids of two people who did much with each other, and their posts."""
    post = alice.say("hi #fox")
    for one, other in ((alice, bob), (bob, alice)):
        one.post(f"/api/v1/accounts/{other.id}/follow")
        for act in ("favourite", "bookmark", "reblog"):
            one.post(f"/api/v1/statuses/{post['id']}/{act}")
    reply = bob.say("@alice ho", in_reply_to_id=post["id"])
    bob.say("more #fox")
    wiring.services.trending.recompute()
    owner = Viewer(id=bob.user.id, username="bob", digest="")
    new = ListChange(title="Foxes", is_public=True)
    made = wiring.services.lists.create(owner, new).id
    shown = ProfileChange(shows_favourites=True)
    wiring.services.users.update_profile(owner, shown)
    bob.post(f"/api/v1/lists/{made}/accounts", json={"account_ids": [alice.id]})
    return {
        "post": post["id"],
        "reply": reply["id"],
        "list": made,
        "alice": alice.id,
        "bob": bob.id,
    }


@pytest.fixture
def costs(wiring, commands, bob, known):
    """Return what the second of two equal requests costs in round trips."""

    def measure(path, *, between=lambda: None):
        path = path.format(**known)
        assert bob.get(path).status_code == 200
        between()
        redis, mongodb = wiring.cache.round_trips, len(commands.names)
        assert bob.get(path).status_code == 200
        return wiring.cache.round_trips - redis, len(commands.names) - mongodb

    return measure


#: How often a search asks Redis and MongoDB.
SEARCHES = {
    "/api/v1/accounts/search?q=alice": (2, 2),
    "/api/v2/search?q=ho&type=statuses": (2, 1),
    # Its first page also counts the people who match.
    "/search?q=ho": (1, 3),
}
#: How often a request asks Redis when everything is warm.
WARM = {
    "/livez": 0,
    "/api/v1/instance": 0,
    "/api/v2/instance": 0,
    "/api/v1/accounts/verify_credentials": 1,
    "/api/v1/accounts/{alice}": 2,
    "/api/v1/accounts/lookup?acct=alice": 3,
    "/api/v1/accounts/{alice}/statuses": 3,
    "/api/v1/accounts/{bob}/followers": 3,
    "/api/v1/accounts/{alice}/following": 2,
    "/api/v1/accounts?id[]={alice}&id[]={bob}": 2,
    "/api/v1/accounts/relationships?id[]={alice}": 2,
    "/api/v1/accounts/familiar_followers?id[]={alice}": 2,
    "/api/v2/suggestions": 2,
    "/api/v1/directory": 2,
    "/api/v1/blocks": 1,
    "/api/v1/mutes": 1,
    "/api/v1/preferences": 1,
    "/api/v1/custom_emojis": 1,
    "/api/v1/filters": 1,
    "/api/v1/favourites": 3,
    "/api/v1/bookmarks": 3,
    "/api/v1/timelines/tag/fox": 1,
    "/api/v1/tags/fox": 1,
    "/api/v1/statuses?id[]={post}&id[]={reply}": 3,
    "/api/v1/statuses/{post}/favourited_by": 2,
    "/api/v1/statuses/{post}/reblogged_by": 2,
    "/api/v1/statuses/{post}/source": 2,
    "/api/v1/statuses/{post}": 2,
    "/api/v1/statuses/{reply}/context": 1,
    "/api/v1/trends/tags": 1,
    "/api/v1/trends/statuses": 1,
    "/api/v1/trends/links": 1,
    "/api/v1/timelines/home": 1,
    "/api/v1/timelines/public": 1,
    "/api/v1/timelines/list/{list}": 1,
    "/api/widgets/v1/public": 1,
    "/api/widgets/v1/schema.json": 0,
    "/api/widgets/v1/tag/fox": 1,
    "/api/widgets/v1/user/alice": 1,
    "/api/widgets/v1/user/alice?reposts=false": 1,
    "/api/widgets/v1/user/alice/profile": 1,
    "/api/widgets/v1/user/alice/stats": 1,
    "/api/widgets/v1/user/bob/favourites": 1,
    "/api/widgets/v1/post/{post}": 1,
    "/api/widgets/v1/thread/{post}": 1,
    "/api/widgets/v1/thread/{post}?replies=approved&shape=nested": 1,
    "/api/widgets/v1/list/{list}": 1,
    "/api/widgets/v1/search?q=ho": 1,
    "/embed/post/{post}": 1,
    "/embed/user/alice?theme=dark": 1,
    "/embed/tag/fox": 1,
    "/embed/thread/{post}": 1,
    "/badge/alice.svg?show=latest": 1,
    "/embed/user/bob/favourites": 1,
    "/@alice/with-replies.rss": 1,
    "/@bob/favourites.rss": 1,
}
#: How often it asks Redis and MongoDB when nothing at all is cached: once for the page,
#: and then each step is read, loaded and filled.
COLD = {
    "/api/widgets/v1/public": (5, 3),
    "/api/widgets/v1/tag/fox": (5, 3),
    "/api/widgets/v1/user/alice": (6, 4),
    "/api/widgets/v1/user/alice/profile": (4, 2),
    "/api/widgets/v1/post/{post}": (4, 2),
    "/api/widgets/v1/thread/{post}": (6, 4),
    "/api/widgets/v1/list/{list}": (7, 7),
}
#: The same of pages of which only the parts are cached.
JOINED = {
    "/api/v1/statuses/{reply}/context": 3,
    "/api/v1/timelines/tag/fox": 3,
    "/api/v1/trends/tags": 3,
    "/api/v1/timelines/home": 2,
    "/api/v1/timelines/public": 3,
    "/api/v1/timelines/list/{list}": 2,
    "/api/widgets/v1/public": 3,
    "/api/widgets/v1/tag/fox": 3,
    "/api/widgets/v1/user/alice": 3,
    "/api/widgets/v1/user/alice/profile": 2,
    "/api/widgets/v1/user/bob/favourites": 3,
    "/api/widgets/v1/post/{post}": 2,
    "/api/widgets/v1/thread/{post}": 3,
    "/api/widgets/v1/thread/{post}?replies=approved": 3,
    "/api/widgets/v1/list/{list}": 3,
    "/api/widgets/v1/search?q=ho": 2,
}


def test_a_warm_request_asks_redis_so_often_and_mongodb_never(costs):
    found = {path: costs(path) for path in WARM}

    assert found == {path: (redis, 0) for path, redis in WARM.items()}


def test_a_search_asks_mongodb_for_ids_and_redis_for_the_rest(costs, wiring, known):
    wiring.services.search_index.settle(int(known["reply"]))
    found = {path: costs(path) for path in SEARCHES}

    assert found == SEARCHES


def test_a_page_that_is_not_kept_is_joined_from_what_is_cached(costs, endpoints):
    def forget_pages():
        with Redis.from_url(endpoints.redis_cache_uri) as plain:
            assert plain.delete(*plain.keys("kw:*{page:*")) > 0

    found = {path: costs(path, between=forget_pages) for path in JOINED}

    assert found == {path: (redis, 0) for path, redis in JOINED.items()}


@pytest.fixture
def crowded(wiring, known):
    """Return the page of a reply amid a thousand, each by somebody else."""
    stores, root_id = wiring.stores, int(known["post"])
    authors = [UserId(n << 16) for n in range(1, 1_042)]
    stores.users.create_many(
        [User(id=i, username=f"n{i}", display_name="") for i in authors]
    )
    ids = grow(wiring.store.database, root_id, [*range(41), *[41] * 1_000])
    database = wiring.store.database
    database["posts"].bulk_write(
        [
            UpdateOne({"_id": post_id}, {"$set": {"author_id": author_id}})
            for post_id, author_id in zip(ids[1:], authors, strict=True)
        ]
    )
    return f"/@n{authors[40]}/{ids[41]}"


def test_an_unchanged_thread_of_a_thousand_replies_is_one_round_trip(
    app, wiring, commands, client, bob, crowded
):
    """With as many ancestors and authors as a page can have, and nothing of Flask."""
    for browser in (client, sign_in(app, wiring, bob)):
        first = browser.get(crowded)
        assert (first.status_code, first.text.count("<article")) == (200, 81)
        redis, mongodb = wiring.cache.round_trips, len(commands.names)
        hits = telemetry.CACHE_REQUESTS.labels("page", "hit")._value.get()
        assert browser.get(crowded).status_code == 200

        assert wiring.cache.round_trips - redis == 1
        assert len(commands.names) == mongodb
        assert telemetry.CACHE_REQUESTS.labels("page", "hit")._value.get() == hits + 1


def test_deep_paging_takes_the_first_page_of_public_from_nobody(
    costs, endpoints, client, known
):
    def page_deeply():
        with Redis.from_url(endpoints.redis_cache_uri) as plain:
            assert plain.delete(*plain.keys("kw:*{page:*")) > 0
        for number in range(40):
            cursor = int(known["reply"]) - number
            path = f"/api/v1/timelines/public?max_id={cursor}"
            assert client.get(path).status_code == 200

    assert costs("/api/v1/timelines/public", between=page_deeply) == (3, 0)


@pytest.fixture
def forget_all(endpoints):
    """Return a function that empties the cache."""

    def forget():
        with Redis.from_url(endpoints.redis_cache_uri) as plain:
            plain.flushdb()

    return forget


def test_a_cold_home_is_read_in_two_steps_and_favourites_in_three(costs, forget_all):
    # Each step is read, loaded and filled; the page's own question is the first's.
    assert costs("/api/v1/timelines/home", between=forget_all) == (4, 8)
    assert costs("/api/widgets/v1/user/bob/favourites", between=forget_all) == (6, 5)


def test_what_was_written_of_a_post_outlives_the_cache(costs, forget_all, monkeypatch):
    def forget():
        forget_all()
        monkeypatch.setattr(StatusSchema, "dump", fail)

    def fail(*_, **__):
        raise AssertionError("it is written anew")

    costs("/api/v1/timelines/home", between=forget)


def test_a_cold_widget_is_read_in_few_steps(costs, wiring, alice, forget_all):
    fanout, on_list = wiring.services.fanout, alice.say("later")
    fanout.deliver(fanout.begin(int(on_list["id"])))

    found = {path: costs(path, between=forget_all) for path in COLD}

    assert found == COLD


def test_a_thread_widget_costs_no_more_however_many_replies_there_are(
    costs, wiring, commands, forget_all, known, monkeypatch
):
    """Cold, and even if almost nothing of it may be shown."""
    monkeypatch.setattr(post_entities, "MAX_THREAD", 200)
    monkeypatch.setattr(threads, "MAX_HIDDEN", 50)
    root_id, hidden = int(known["post"]), int(known["bob"])
    grow(wiring.store.database, root_id, [0] * 300, author_id=hidden)
    wiring.services.users.update_profile(
        Viewer(id=hidden, username="bob", digest=""), ProfileChange(is_embeddable=False)
    )
    path = f"/api/widgets/v1/thread/{root_id}?limit=20"
    before = []

    def forget():
        forget_all()
        before.append(commands.documents)

    assert costs(path, between=forget) == (10, 6)
    # The conversation, what is hydrated of it, the post and its author.
    assert commands.documents - before[0] == 200 + (20 + 50) + 2


def test_custom_emoji_cost_no_round_trip(costs, wiring, alice):
    emojis = wiring.services.emojis
    emojis.add([NewEmoji(name="fox", shortcode="fox", file=sent(plain()))])
    wait_until(lambda: wiring.fence.emojis_version() == emojis.current().version)
    alice.say("a :fox:")

    for path, number in (("/api/v1/timelines/home", 1), ("/@alice", 1)):
        assert costs(path) == (number, 0)
