from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from kwip.cli.parts import repair_by
from kwip.domain.accounts.users import ProfileChange
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import NotFoundError
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.notifications import NotificationKind
from kwip.domain.timelines.pages import PageRequest
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.store.maintenance.audit import AuditStore
from tests.thorough import IS_THOROUGH
from tests.wired import Silence, home_of

#: So often two acts begin at the same moment.
ROUNDS = 20 if IS_THOROUGH else 3


def lock(kwip, viewer, *, is_locked=True):
    kwip.services.users.update_profile(viewer, ProfileChange(is_locked=is_locked))


@pytest.fixture
def locked(kwip, alice):
    """Return alice, who approves her followers and has written for them."""
    lock(kwip, alice)
    draft = Draft(text="For followers", visibility=Visibility.FOLLOWERS)
    kwip.services.posts.publish(alice.id, draft)
    return alice


def asking(kwip, viewer, **page):
    loader = kwip.services.loaders.begin()
    found = kwip.services.people.requesting(viewer, loader, PageRequest(**page))
    return [view.user.username for view in found.items]


def seen_by(kwip, viewer):
    """Return a user's requests by count, and the kinds of their notifications."""
    loader = kwip.services.loaders.begin()
    me = kwip.services.users.me(viewer, loader)
    found = kwip.services.notifications.page(viewer, loader, PageRequest())
    return me.requests_count, [view.kind for view in found.items]


def findings(kwip):
    return Fsck(AuditStore(kwip.store), system_clock_ms).run(Silence()).findings


def tie(kwip, viewer, other):
    loader = kwip.services.loaders.begin()
    [found] = kwip.services.relationships.between(viewer, loader, [other.id])
    return found


def test_a_locked_account_chooses_who_follows_it(kwip, rings, locked, bob, carol):
    follow = kwip.services.relationships.follow
    assert follow(bob, locked.id, notify=True).is_requested
    assert follow(bob, locked.id).is_requested
    follow(carol, locked.id)
    rings.run()
    assert not tie(kwip, bob, locked).is_following
    assert home_of(kwip, bob) == []
    assert asking(kwip, locked) == ["carol", "bob"]
    assert seen_by(kwip, locked) == (2, 2 * [NotificationKind.FOLLOW_REQUEST])

    accepted = kwip.services.follow_requests.accept(locked, bob.id)
    rejected = kwip.services.follow_requests.reject(locked, carol.id)
    rings.run()

    assert accepted.is_followed_by
    assert not rejected.is_requested_by
    assert tie(kwip, bob, locked).is_notifying
    assert home_of(kwip, bob) == ["For followers"]
    assert home_of(kwip, carol) == []
    assert seen_by(kwip, locked) == (0, [])
    assert findings(kwip) == []
    assert kwip.services.follow_requests.accept(locked, bob.id).is_followed_by
    for act in (
        kwip.services.follow_requests.accept,
        kwip.services.follow_requests.reject,
    ):
        with pytest.raises(NotFoundError, match="withdrawn or answered"):
            act(locked, carol.id)


def test_a_request_ends_with_whatever_comes_between_two_people(
    kwip, rings, locked, bob
):
    services = kwip.services
    ends = {
        "withdrawn": lambda: services.relationships.unfollow(bob, locked.id),
        "removed": lambda: services.relationships.remove_follower(locked, bob.id),
        "blocked": lambda: services.relationships.block(locked, bob.id),
        "suspended": lambda: services.moderation.suspend(bob.id),
        "suspended herself": lambda: services.moderation.suspend(locked.id),
    }
    for name, end in ends.items():
        services.relationships.follow(bob, locked.id)
        assert seen_by(kwip, locked)[0] == 1, name

        end()

        rings.run()
        assert seen_by(kwip, locked) == (0, []), name
        assert asking(kwip, locked) == [], name
        assert not tie(kwip, bob, locked).is_requested, name
        assert kwip.store.database["follow_requests"].find_one() is None, name
        services.relationships.unblock(locked, bob.id)
        services.moderation.unsuspend(bob.id)
    assert findings(kwip) == []


def test_requests_outlast_the_lock_and_asking_again_follows(kwip, rings, locked, bob):
    kwip.services.relationships.follow(bob, locked.id)
    lock(kwip, locked, is_locked=False)
    assert asking(kwip, locked) == ["bob"]

    assert kwip.services.relationships.follow(bob, locked.id).is_following

    rings.run()
    assert seen_by(kwip, locked) == (0, [NotificationKind.FOLLOW])
    assert home_of(kwip, bob) == ["For followers"]
    assert findings(kwip) == []


def test_of_two_answers_at_once_exactly_one_holds(kwip, rings, locked, bob):
    services, done = kwip.services, []

    def try_to(act, *who):
        with suppress(NotFoundError):
            done.append((act.__name__, act(*who)))

    requests, relationships = services.follow_requests, services.relationships
    for acts in (
        [(requests.accept, locked, bob.id), (requests.reject, locked, bob.id)],
        [(requests.accept, locked, bob.id)] * 2,
        [(relationships.follow, bob, locked.id)] * 2,
        [(requests.accept, locked, bob.id), (relationships.unfollow, bob, locked.id)],
    ):
        for _ in range(ROUNDS):
            is_asking = acts[0][0] == relationships.follow
            if not is_asking:
                relationships.follow(bob, locked.id)
            done.clear()
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda each: try_to(*each), acts))

            names, found = {name for name, _ in done}, tie(kwip, bob, locked)
            assert found.is_requested == is_asking
            if "unfollow" in names:
                assert not found.is_following
            elif not is_asking:
                assert names == {"accept" if found.is_following else "reject"}
            assert findings(kwip) == []
            relationships.unfollow(bob, locked.id)
            rings.run()


def test_a_request_with_one_side_is_found_and_repaired(
    kwip, settings, locked, bob, carol
):
    for other in (bob, carol):
        kwip.services.relationships.follow(other, locked.id)
    database = kwip.store.database
    database["follow_requests"].delete_one({"follower_id": bob.id})
    database["follows"].delete_one({"follower_id": carol.id})
    found = findings(kwip)
    assert {(each.check, each.id) for each in found} == {
        ("requests", f"{bob.id}:{locked.id}"),
        ("requests", f"{carol.id}:{locked.id}"),
        ("counters", str(locked.id)),
    }

    repair_by(kwip, settings).repair(found, Silence())

    assert findings(kwip) == []
    assert asking(kwip, locked) == ["bob"]
    assert seen_by(kwip, locked)[0] == 1
