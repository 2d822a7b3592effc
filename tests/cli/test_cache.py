"""`kwip cache`: count, compare with MongoDB, drop."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from config.settings import PROJECT
from kwip import telemetry
from kwip.cache import keys
from kwip.cache.inspection import Inspection
from kwip.cli.bars import Bars
from kwip.domain.accounts.roles import Role
from kwip.domain.ids import MAX_ID
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.lists import ListChange
from kwip.domain.timelines.pages import PageRequest
from kwip.embedded.home_folder import HomeFolder
from kwip.jobs.registry import jobs
from kwip.services.maintenance.checks import cache_audit
from kwip.services.maintenance.checks.cache_audit import CacheAudit
from kwip.services.reading.entities import Entities
from kwip.services.reading.loader import Kind
from kwip.store.fence import FenceStore
from tests.ops.stack import free_port
from tests.wired import sign_up


@pytest.fixture
def raw(endpoints):
    """Return a plain client, to see what is there."""
    with redis.Redis.from_url(endpoints.redis_cache_uri) as plain:
        yield plain


@pytest.fixture
def bob(wiring):
    """Return bob, who has written and whose pages were read: all kinds are cached."""
    assert wiring.fence.await_lease(within_s=30)
    bob, services = sign_up(wiring, "bob"), wiring.services
    post, gone = (
        services.posts.publish(bob.id, Draft(text=text))
        for text in ("Hello #tea", "Gone #tea")
    )
    jobs(services)["fanout"](str(post.id))
    services.reactions.favourite(bob, post.id)
    credential = services.authentication.begin_session(bob.id, "bob", "x")
    loader = services.loaders.begin()
    services.authentication.open(credential, loader)
    page, middle = PageRequest(), PageRequest(max_id=MAX_ID - 1)
    for each in (page, middle, PageRequest(min_id=1)):
        services.timelines.home(bob, loader, each)
        services.timelines.user(bob, loader, bob.id, each)
        services.timelines.public(bob, loader, each)
        services.timelines.tag(bob, loader, "tea", each)
        services.id_lists.posts(bob, loader, "favourites", each)
        services.people.followers(bob, loader, bob.id, each)
    services.timelines.public(bob, loader, replace(page, is_active=True))
    services.timelines.tag(bob, loader, "tea", replace(page, is_active=True))
    made = services.lists.create(bob, ListChange(title="Friends"))
    services.timelines.of_list(bob, loader, made.id, page)
    services.lists.overview(bob, loader)
    services.threads.thread(bob, loader, post.id)
    services.users.by_name(bob, loader, "bob")
    services.posts.delete(bob, gone.id)
    loader = services.loaders.begin()
    services.posts.get(bob, loader, post.id)
    for each in (page, middle, PageRequest(min_id=1)):
        services.notifications.page(bob, loader, each)
    services.authentication.open(credential, services.loaders.begin())
    read_the_rest(services, bob, loader)
    return bob


def read_the_rest(services, viewer, loader):
    services.notifications.unread(viewer, loader)
    services.markers.get(viewer, loader, ["home"])
    services.trending.recompute()
    services.trends.tags(viewer, loader)
    services.suggestions.of(viewer, loader)


def lie(wiring, bob):
    """Change a document past the services, so that nothing is dropped."""
    wiring.store.database["users"].update_one({"_id": bob.id}, {"$set": {"bio": "Lie"}})


def test_stats_count_keys_by_kind(kwip, bob):
    found = kwip("cache", "stats", "--json").json

    assert (found["is_suspended"], found["is_complete"]) == (False, True)
    assert found["kinds"]["user"] == 1
    assert {"post", "home", "tag", "public", "id_list", "session"} <= set(
        found["kinds"]
    )
    assert found["used_bytes"] > 0
    assert found["hit_ratio"] is None  # no stack serves metrics here


def count(folder):
    """Let a process of a stack count three hits and a miss."""
    program = """
from kwip import telemetry
telemetry.CACHE_REQUESTS.labels("post", "hit").inc(3)
telemetry.CACHE_REQUESTS.labels("user", "miss").inc()
"""
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        cwd=PROJECT,
    )


def test_the_hit_ratio_is_that_of_the_stack_in_this_home(kwip, bob, environ):
    home = HomeFolder(Path(environ["KWIP_HOME"]))
    home.prepare()
    home.make_metrics()
    count(home.metrics)

    assert kwip("cache", "stats", "--json").json["hit_ratio"] == 0.75
    assert "hit ratio 75.0%" in kwip("cache", "stats").out
    home.remove_metrics()


def test_another_stack_does_not_count_for_the_hit_ratio(kwip, bob, environ, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    count(other)
    environ["KWIP_METRICS_PORT"] = str(free_port())
    end = telemetry.serve(other, int(environ["KWIP_METRICS_PORT"]), lambda _: True)

    assert kwip("cache", "stats", "--json").json["hit_ratio"] is None
    end()


def test_stats_look_at_no_more_than_asked_for(kwip, bob):
    found = kwip("cache", "stats", "--sample", 2, "--json").json

    assert not found["is_complete"]
    assert 0 < sum(found["kinds"].values()) <= 3


def test_what_is_cached_is_what_is_stored(kwip, bob):
    run = kwip("cache", "verify", "--json")

    assert (run.code, run.json["differences"]) == (0, [])
    # A deleted post stays in slices; that is no difference.
    assert run.json["kinds"]["user_timeline"] == 4
    assert set(run.json["kinds"]) >= {
        *("post", "user", "handle", "relations", "session", "home", "public", "tag"),
        *("thread", "reactions", "id_list", "notifications", "unread", "markers"),
    }


def test_a_cached_value_that_is_not_stored_is_found(kwip, wiring, bob, monkeypatch):
    monkeypatch.setattr(cache_audit, "SETTLED_S", 0.0)
    lie(wiring, bob)
    run = kwip("cache", "verify", "--json")

    assert run.code == 1
    assert run.json["differences"] == [
        {
            "key": f"user:{bob.id}",
            "variant": Entities(wiring.stores).users.variant(bob.id),
            "problem": "the cached value differs from MongoDB",
        }
    ]


def test_a_cached_absence_that_is_wrong_is_found(kwip, wiring, bob, monkeypatch):
    monkeypatch.setattr(cache_audit, "SETTLED_S", 0.0)
    with pytest.raises(Exception, match="User not found"):
        wiring.services.users.by_name(None, wiring.services.loaders.begin(), "eve")
    wiring.store.database["claims"].insert_one(
        {"_id": "handle:eve", "schema": 1, "user_id": bob.id}
    )
    run = kwip("cache", "verify")

    assert run.code == 1
    assert run.out.splitlines()[0] == (
        "handle:eve doc: cached as missing, but it exists"
        " (run `kwip cache drop handle:eve`)"
    )


def test_what_is_written_meanwhile_is_no_difference(wiring, bob):
    lie(wiring, bob)

    def settle(_):
        wiring.services.moderation.set_role(bob.id, Role.MODERATOR)

    fence = FenceStore(wiring.store.database).read()
    audit = CacheAudit(
        Inspection(wiring.cache, fence.deployment),
        Entities(wiring.stores),
        wiring.fence,
        fence.epoch,
        sleep=settle,
    )

    assert audit.verify(100, Bars(is_quiet=True))[1] == []


class Steps:
    """What a person would see of a bar."""

    def begin(self, phase, total, done=0):
        self.phase, self.total, self.done = phase, total, done

    def advance(self, count=1):
        self.done += count


def test_they_say_how_far_they_are(wiring, bob):
    fence = FenceStore(wiring.store.database).read()
    audit = CacheAudit(
        Inspection(wiring.cache, fence.deployment),
        Entities(wiring.stores),
        wiring.fence,
        fence.epoch,
    )
    counting, comparing = Steps(), Steps()
    audit.count(5, counting)
    audit.verify(5, comparing)

    assert (counting.phase, counting.total) == ("keys", 5)
    assert counting.done >= 5
    assert (comparing.phase, comparing.done) == ("keys", comparing.total)
    assert comparing.total > 0


@pytest.mark.parametrize(
    ("what", "gone"), [("user", {"user"}), ("post", {"post"}), ("public", {"public"})]
)
def test_a_kind_is_dropped(kwip, bob, what, gone):
    before = set(kwip("cache", "stats", "--json").json["kinds"])
    dry = kwip("cache", "drop", what, "--dry-run", "--json").json
    run = kwip("cache", "drop", what, "--json")
    after = set(kwip("cache", "stats", "--json").json["kinds"])

    assert (run.code, before - after) == (0, gone)
    assert dry == {"dropped": run.json["dropped"], "is_dry_run": True}


def test_a_key_is_dropped_so_that_the_next_read_is_right(kwip, wiring, bob):
    lie(wiring, bob)
    run = kwip("cache", "drop", f"user:{bob.id}")
    loader = wiring.services.loaders.begin()

    assert (run.code, run.out) == (0, "1 key invalidated\n")
    assert wiring.services.users.me(bob, loader).bio == "Lie"


def test_everything_is_dropped_but_what_is_only_counted(kwip, wiring, bob, raw):
    window = keys.full(wiring.fence.lease().deployment, keys.quota("api_user", bob.id))
    raw.rpush(window, "1")
    run = kwip("cache", "drop", "--all", "--json")

    assert run.json["dropped"] > 10
    assert raw.keys(window.split(":{")[0] + "*") == [window.encode()]
    assert kwip("cache", "verify").code == 0


@pytest.mark.parametrize("what", ["nosuch", "nosuch:17"])
def test_a_kind_that_is_never_cached_is_refused(kwip, bob, what):
    run = kwip("cache", "drop", what)

    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("kwip: Nothing of the kind nosuch is cached. The kinds")
    assert " post, " in run.err


@pytest.mark.parametrize("arguments", [[], ["post", "--all"]])
def test_drop_wants_a_name_or_all(kwip, arguments):
    run = kwip("cache", "drop", *arguments)

    assert (run.code, run.err) == (
        2,
        "kwip: Specify a kind or a key, or use --all.\n",
    )


def test_a_redis_that_does_not_answer_is_one_clear_line(kwip, bob, environ, tmp_path):
    environ["KWIP_REDIS_CACHE_URI"] = f"unix://{tmp_path}/nothing"
    for command in ("stats", "verify"):
        run = kwip("cache", command)

        assert (run.code, run.out) == (2, "")
        said = run.err.splitlines()[-1]
        assert said.startswith("kwip: The cache Redis is not responding")


def test_a_person_can_read_the_stats(kwip, bob):
    first, second, *rest = kwip("cache", "stats").out.splitlines()

    assert first.startswith("in use, epoch ")
    assert second.endswith(" bytes used")
    assert any(line.split() == ["1", "user"] for line in rest)


def test_every_kind_can_be_read_back(bob, kwip, wiring):
    """A kind that nobody can name by its key would never be verified."""
    readers = cache_audit._readers(Entities(wiring.stores))
    kinds = [k for k in vars(Entities(wiring.stores)).values() if isinstance(k, Kind)]

    assert {kind.name for each in readers.values() for kind, _ in each} == {
        kind.name for kind in kinds
    }
