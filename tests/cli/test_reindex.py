"""`kwip reindex`: rebuild, resume, verify."""

from __future__ import annotations

import itertools

import pytest

from kwip.domain.accounts.users import User
from kwip.domain.clock import system_clock_ms
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.lists import ListChange
from kwip.jobs.registry import jobs
from kwip.services.delivery.compaction import LEASE_MS
from kwip.services.maintenance.checkpoint import Checkpoint
from kwip.services.maintenance.reindexing import reindex
from kwip.services.maintenance.reindexing.reindex import Pace, Reindexer, Verifier
from kwip.store.social.list_edges import list_of
from kwip.store.timelines.buckets import home_of
from tests.frozen import put
from tests.wired import sign_up


class Counter:
    """Counts what a job says of its progress."""

    def __init__(self):
        self.done = 0

    def begin(self, _phase, _total, done=0):
        self.done = done

    def advance(self, count=1):
        self.done += count


@pytest.fixture
def world(wiring):
    """Return alice, who wrote three posts, and bob and carol, who follow her."""
    alice, bob, carol = (sign_up(wiring, name) for name in ("alice", "bob", "carol"))
    do = jobs(wiring.services)
    for follower in (bob, carol):
        wiring.services.relationships.follow(follower, alice.id)
        do["edge"](f"{follower.id}:{alice.id}")
    posts = [
        wiring.services.posts.publish(alice.id, Draft(text=f"Post {number}"))
        for number in range(3)
    ]
    for post in posts:
        do["fanout"](str(post.id))
    return alice, bob, carol, posts


def take_out(wiring, user, post):
    """Lose an entry, as a defect would."""
    wiring.store.database["timelines"].update_one(
        {"_id": home_of(user.id)}, {"$pull": {"entries": post.id}}
    )


def stored(wiring, user):
    return wiring.stores.timelines.stored(home_of(user.id)).ids


def test_verify_finds_nothing_in_a_sound_world(kwip, world):
    run = kwip("reindex", "verify", "--all", "--json")

    assert run.code == 0
    assert run.json["homes"] == 3
    assert run.json["differences"] == []
    assert run.json["purge_pending"] == 0


def test_verify_names_a_post_that_is_missing(kwip, wiring, world):
    _, bob, _, posts = world
    take_out(wiring, bob, posts[1])

    run = kwip("reindex", "verify", "--all", "--json")

    assert run.code == 1
    assert run.json["differences"] == [
        {"owner_id": str(bob.id), "list_id": None, "post_id": str(posts[1].id)}
    ]


def test_verify_of_one_home_looks_at_that_home_only(kwip, wiring, world):
    _, bob, _, posts = world
    take_out(wiring, bob, posts[1])

    assert kwip("reindex", "verify", "--user", "carol").code == 0
    assert kwip("reindex", "verify", "--user", "bob").code == 1


def test_entries_of_the_unfollowed_wait_for_their_scrub(kwip, wiring, world):
    alice, bob, _, _ = world
    wiring.services.relationships.unfollow(bob, alice.id)

    run = kwip("reindex", "verify", "--all", "--json")

    assert run.code == 0
    assert run.json["purge_pending"] == 3


def test_posts_and_follows_under_way_are_no_differences(kwip, wiring, world):
    alice, bob, carol, _ = world
    wiring.services.posts.publish(alice.id, Draft(text="Not delivered yet"))
    wiring.services.relationships.follow(alice, bob.id)
    wiring.services.relationships.follow(carol, bob.id)

    assert kwip("reindex", "verify", "--all").code == 0


def test_a_dry_run_says_what_a_rebuild_mends_and_changes_nothing(kwip, wiring, world):
    _, bob, _, posts = world
    take_out(wiring, bob, posts[1])
    before = stored(wiring, bob)

    run = kwip("reindex", "timelines", "--all", "--dry-run", "--json")

    assert run.code == 1
    assert len(run.json["differences"]) == 1
    assert stored(wiring, bob) == before


@pytest.mark.parametrize("homes", [("--all",), ("--user", "bob")])
def test_a_rebuild_mends_what_is_missing(kwip, wiring, world, homes):
    _, bob, _, posts = world
    take_out(wiring, bob, posts[1])

    run = kwip("reindex", "timelines", *homes, "--json")

    assert run.code == 0
    assert run.json["rebuilt"] == (3 if homes == ("--all",) else 1)
    assert run.json["failed"] == []
    assert set(stored(wiring, bob)) == {post.id for post in posts}


def test_one_home_or_all_must_be_asked_for(kwip, world):
    for arguments in ((), ("--all", "--user", "bob")):
        run = kwip("reindex", "timelines", *arguments)

        assert run.code == 2
        assert run.err == "kwip: Specify --user NAME, or use --all.\n"


def test_an_unknown_name_is_one_clear_line(kwip, world):
    run = kwip("reindex", "verify", "--user", "nobody_here")

    assert (run.code, run.err) == (2, "kwip: There is no user @nobody_here.\n")


def test_status_tells_how_far_the_last_run_came(kwip, world):
    never = kwip("reindex", "status", "--json").json
    kwip("reindex", "timelines", "--all")
    done = kwip("reindex", "status", "--json").json

    others = {
        name: {"state": "never"} for name in ("counters", "tags", "repeats", "search")
    }
    assert never == {"state": "never", "users": 3, **others}
    assert (done["state"], done["rebuilt"], done["failed"]) == ("done", 3, 0)


def test_a_run_that_died_goes_on_behind_its_last_checkpoint(wiring, world, monkeypatch):
    users = [
        User(id=number << 16, username=f"n{number}", display_name="")
        for number in range(1, 10)
    ]
    wiring.stores.users.create_many(users)
    monkeypatch.setattr(reindex, "BATCH", 4)
    home_backfill, rebuilt = wiring.services.home_backfill, []

    class Dying:
        left = itertools.count(6, -1)

        def rebuild(self, user_id):
            if next(self.left) == 0:
                raise KeyboardInterrupt
            rebuilt.append(user_id)
            return home_backfill.rebuild(user_id)

    checkpoint = Checkpoint(wiring.jobs, "reindex:timelines", system_clock_ms)
    with pytest.raises(KeyboardInterrupt):
        Reindexer(wiring.stores, Dying(), wiring.services.list_backfill).rebuild_all(
            checkpoint, Pace(concurrency=1), Counter()
        )
    resumed, progress = (
        Checkpoint(wiring.jobs, "reindex:timelines", system_clock_ms),
        Counter(),
    )
    first = list(rebuilt)

    class Counting:
        def rebuild(self, user_id):
            rebuilt.append(user_id)
            return home_backfill.rebuild(user_id)

    failed = Reindexer(
        wiring.stores, Counting(), wiring.services.list_backfill
    ).rebuild_all(resumed, Pace(concurrency=1), progress)

    assert failed == []
    assert len(first) >= 6
    assert rebuilt[len(first) :][:5] == [user.id for user in users[4:]]
    assert len(set(rebuilt)) == 12
    assert (resumed.job.state, progress.done) == ("done", 12)


def test_a_home_whose_upkeep_is_busy_is_rebuilt_at_the_end(wiring, world):
    _, bob, _, _ = world
    tries = []

    class Busy:
        def rebuild(self, user_id):
            tries.append(user_id)
            if user_id == bob.id and tries.count(bob.id) < 3:
                return False
            return wiring.services.home_backfill.rebuild(user_id)

    checkpoint = Checkpoint(wiring.jobs, "reindex:timelines", system_clock_ms)
    reindexer = Reindexer(
        wiring.stores,
        Busy(),
        wiring.services.list_backfill,
        sleep=lambda _: None,
    )
    failed = reindexer.rebuild_all(checkpoint, Pace(), Counter())

    assert failed == []
    assert tries[-1] == bob.id
    assert checkpoint.job.counts == {"rebuilt": 3, "failed": 0}


def test_a_home_whose_lease_a_killed_run_has_left_is_waited_for(wiring, world):
    slept = []

    class Held:
        def rebuild(self, _):
            return sum(slept) > LEASE_MS / 1000

    reindexer = Reindexer(
        wiring.stores, Held(), wiring.services.list_backfill, sleep=slept.append
    )
    failed = reindexer.rebuild([1])

    assert failed == []


def test_what_moves_during_a_verification_is_looked_at_again(wiring, world):
    _, bob, _, posts = world
    take_out(wiring, bob, posts[1])
    verifier = Verifier(wiring.stores, wiring.edges)
    compare, looks = verifier._compare, []

    def mended_in_between(ids):
        looks.append(ids)
        found = compare(ids)
        wiring.services.home_backfill.rebuild(bob.id)
        return found

    verifier._compare = mended_in_between
    verdict = verifier.verify([[bob.id]], Counter())

    assert verdict.differences == ()
    assert looks == [[bob.id], [bob.id]]


@pytest.fixture
def listing(wiring, world):
    """Return bob's list of alice, which has lost one of her posts."""
    alice, bob, _, posts = world
    made = wiring.services.lists.create(bob, ListChange(title="Friends"))
    wiring.services.lists.add(bob, made.id, [alice.id])
    jobs(wiring.services)["list_edge"](f"{alice.id}:{made.id}")
    wiring.store.database["timelines"].update_one(
        {"_id": list_of(made.id)}, {"$pull": {"entries": posts[1].id}}
    )
    return made


def held(wiring, listing):
    return set(wiring.stores.timelines.stored(list_of(listing.id)).ids)


@pytest.mark.parametrize("whose", [("--all",), ("--user", "bob")])
def test_a_damaged_list_is_found_and_mended(kwip, wiring, world, listing, whose):
    _, bob, _, posts = world

    found = kwip("reindex", "verify", *whose, "--json")
    repaired = kwip("reindex", "timelines", *whose)
    again = kwip("reindex", "verify", *whose, "--json")

    assert (found.code, found.json["lists"]) == (1, 1)
    assert found.json["differences"] == [
        {
            "owner_id": str(bob.id),
            "list_id": str(listing.id),
            "post_id": str(posts[1].id),
        }
    ]
    assert (repaired.code, again.code) == (0, 0)
    assert held(wiring, listing) == {post.id for post in posts}


def test_posts_and_members_under_way_are_no_differences_of_a_list(
    kwip, wiring, world, listing
):
    alice, bob, carol, _ = world
    wiring.services.list_backfill.rebuild(listing.id)
    wiring.services.posts.publish(alice.id, Draft(text="Not delivered yet"))
    post = wiring.services.posts.publish(carol.id, Draft(text="Before she is in it"))
    do = jobs(wiring.services)
    do["fanout"](str(post.id))
    wiring.services.relationships.follow(bob, carol.id)
    wiring.services.lists.add(bob, listing.id, [carol.id])

    assert kwip("reindex", "verify", "--user", "bob").code == 0


def test_a_delivery_during_the_rebuild_of_a_list_is_kept(
    wiring, world, listing, monkeypatch
):
    alice, _, _, posts = world
    compactor = wiring.services.list_backfill.compactor
    rebuild, late = compactor.rebuild, []

    def delivered_before_the_swap(lease, before, wanted):
        late.append(wiring.services.posts.publish(alice.id, Draft(text="Late")))
        jobs(wiring.services)["fanout"](str(late[0].id))
        return rebuild(lease, before, wanted)

    put(monkeypatch, compactor, "rebuild", delivered_before_the_swap)

    assert wiring.services.list_backfill.rebuild(listing.id)
    assert held(wiring, listing) == {post.id for post in (*posts, *late)}
