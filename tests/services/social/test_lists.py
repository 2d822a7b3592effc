"""Lists as their owners use them: who is in them, and what their timelines show."""

from __future__ import annotations

import pytest

from kwip.cli.parts import repair_by
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.lists import ListChange, RepliesPolicy
from kwip.domain.timelines.pages import PageRequest
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.store.maintenance.audit import AuditStore
from kwip.store.social.list_edges import list_of
from kwip.store.timelines.buckets import home_of as stored_home_of
from tests.wired import Silence, home_of


@pytest.fixture
def people(new_user):
    return [new_user(name) for name in ("owner", "bob", "carol")]


@pytest.fixture
def make_list(kwip, rings):
    """Return a function that makes a list of somebody's with people in it."""

    def make(owner, *members, **said):
        made = kwip.services.lists.create(owner, ListChange(title="Friends", **said))
        if members:
            kwip.services.lists.add(owner, made.id, [m.id for m in members])
        rings.run()
        return made.id

    return make


@pytest.fixture
def read(kwip):
    """Return a function that gives the texts of a list's timeline, newest first."""

    def read(owner, list_id):
        loader = kwip.services.loaders.begin()
        page = kwip.services.timelines.of_list(owner, loader, list_id, PageRequest())
        return [view.post.text for view in page.items]

    return read


def test_a_list_shows_what_its_members_wrote_before_and_write_after(
    kwip, rings, people, make_list, read
):
    owner, bob, carol = people
    for other in (bob, carol):
        kwip.services.relationships.follow(owner, other.id)
    kwip.services.posts.publish(bob.id, Draft(text="before"))
    rings.run()
    list_id = make_list(owner, bob)
    assert read(owner, list_id) == ["before"]

    kwip.services.posts.publish(bob.id, Draft(text="after"))
    kwip.services.posts.publish(carol.id, Draft(text="of somebody else"))
    rings.run()

    assert read(owner, list_id) == ["after", "before"]


@pytest.fixture
def friends(kwip, rings, people):
    """Return an owner who follows two people."""
    owner, bob, carol = people
    for other in (bob, carol):
        kwip.services.relationships.follow(owner, other.id)
    rings.run()
    return owner, bob, carol


@pytest.fixture
def say(kwip, rings):
    def say(author, text, **fields):
        post = kwip.services.posts.publish(author.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say


def test_only_the_owner_can_read_a_list(kwip, friends, make_list, read):
    owner, bob, _ = friends
    list_id = make_list(owner, bob)
    lists, begin = kwip.services.lists, kwip.services.loaders.begin

    for attempt in (
        lambda: read(bob, list_id),
        lambda: lists.get(bob, begin(), list_id),
        lambda: lists.members(bob, begin(), list_id, PageRequest()),
        lambda: lists.change(bob, list_id, ListChange(title="Mine")),
        lambda: lists.add(bob, list_id, [owner.id]),
        lambda: lists.remove(bob, list_id, [bob.id]),
        lambda: lists.delete(bob, list_id),
    ):
        with pytest.raises(NotFoundError, match="List not found"):
            attempt()
    assert lists.get(owner, begin(), list_id).member_ids == {bob.id}


def test_only_people_whom_one_follows_can_be_in_a_list(
    kwip, friends, make_list, new_user
):
    owner, bob, _ = friends
    stranger, list_id = new_user("stranger"), make_list(owner)

    with pytest.raises(InvalidError) as refused:
        kwip.services.lists.add(owner, list_id, [bob.id, stranger.id])

    assert list(refused.value.fields) == ["account_ids"]
    loader = kwip.services.loaders.begin()
    assert kwip.services.lists.get(owner, loader, list_id).member_ids == frozenset()


def test_who_is_unfollowed_at_the_same_moment_is_not_added(
    kwip, friends, make_list, monkeypatch
):
    owner, bob, _ = friends
    list_id, store = make_list(owner), kwip.stores.lists
    require = store._require_follows
    unfollows = [lambda: kwip.services.relationships.unfollow(owner, bob.id)]

    def meanwhile(*args):
        if unfollows:
            unfollows.pop()()
        require(*args)

    monkeypatch.setattr(store, "_require_follows", meanwhile)

    with pytest.raises(InvalidError):
        kwip.services.lists.add(owner, list_id, [bob.id])
    assert not unfollows


def test_who_leaves_a_list_is_out_of_it_at_once_and_scrubbed_later(
    kwip, rings, friends, make_list, read, say
):
    owner, bob, carol = friends
    list_id = make_list(owner, bob, carol)
    gone, kept = say(bob, "of bob"), say(carol, "of carol")

    kwip.services.lists.remove(owner, list_id, [bob.id])
    assert read(owner, list_id) == ["of carol"]
    rings.run()

    assert kwip.stores.timelines.stored(list_of(list_id)).ids == (kept.id,)
    kwip.services.lists.add(owner, list_id, [bob.id])
    rings.run()
    assert read(owner, list_id) == ["of carol", "of bob"]
    assert gone.id in kwip.stores.timelines.stored(list_of(list_id)).ids


@pytest.mark.parametrize("act", ["unfollow", "block"])
def test_who_is_followed_no_longer_leaves_every_list(
    kwip, rings, friends, make_list, read, say, act
):
    owner, bob, carol = friends
    lists = [make_list(owner, bob, carol), make_list(owner, bob)]
    say(bob, "of bob")

    getattr(kwip.services.relationships, act)(owner, bob.id)
    assert [read(owner, each) for each in lists] == [[], []]
    kwip.sweeper.sweep()
    rings.run()

    assert [kwip.stores.timelines.stored(list_of(each)).ids for each in lists] == [
        (),
        (),
    ]
    kwip.services.relationships.unblock(owner, bob.id)
    kwip.services.relationships.follow(owner, bob.id)
    rings.run()
    assert [read(owner, each) for each in lists] == [[], []]
    overview = kwip.services.lists.overview(owner, kwip.services.loaders.begin())
    assert [each.members_count for each in overview] == [1, 0]


def test_an_exclusive_list_takes_its_people_out_of_home_and_gives_them_back(
    kwip, friends, make_list, say
):
    owner, bob, carol = friends
    say(bob, "of bob")
    say(carol, "of carol")
    list_id = make_list(owner, bob, is_exclusive=True)
    assert home_of(kwip, owner) == ["of carol"]
    assert home_of(kwip, owner, limit=1) == ["of carol"]

    change = ListChange(is_exclusive=False)
    kwip.services.lists.change(owner, list_id, change)
    assert home_of(kwip, owner) == ["of carol", "of bob"]

    change = ListChange(is_exclusive=True)
    kwip.services.lists.change(owner, list_id, change)
    kwip.services.lists.delete(owner, list_id)
    assert home_of(kwip, owner) == ["of carol", "of bob"]


def test_below_its_floor_home_leaves_exclusive_people_out_too(
    kwip, friends, make_list, say
):
    owner, bob, carol = friends
    say(bob, "of bob")
    say(carol, "of carol")
    make_list(owner, bob, is_exclusive=True)
    name = stored_home_of(owner.id)
    kwip.store.database["timelines"].update_one(
        {"_id": name}, {"$set": {"floor": 1 << 62}}
    )

    assert home_of(kwip, owner) == ["of carol"]


def test_a_list_is_read_on_below_its_floor(kwip, friends, make_list, read, say):
    owner, bob, carol = friends
    list_id = make_list(owner, bob, carol)
    for number in range(4):
        say((bob, carol)[number % 2], f"{number}")
    middle = kwip.stores.timelines.stored(list_of(list_id)).ids[1]
    kwip.store.database["timelines"].update_one(
        {"_id": list_of(list_id)}, {"$set": {"floor": middle}}
    )

    assert read(owner, list_id) == ["3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        (RepliesPolicy.NONE, {"to owner", "to self"}),
        (RepliesPolicy.LIST, {"to owner", "to self", "to member"}),
        (
            RepliesPolicy.FOLLOWED,
            {"to owner", "to self", "to member", "to followee"},
        ),
    ],
)
def test_a_list_shows_the_answers_that_its_policy_says(
    kwip, rings, friends, make_list, read, new_user, policy, shown
):
    owner, bob, carol = friends
    member, stranger = new_user("member"), new_user("stranger")
    kwip.services.relationships.follow(owner, member.id)
    list_id = make_list(owner, bob, member, replies_policy=policy)
    for name, author in {
        "owner": owner,
        "self": bob,
        "member": member,
        "followee": carol,
        "stranger": stranger,
    }.items():
        root = kwip.services.posts.publish(author.id, Draft(text="A question"))
        kwip.services.posts.publish(
            bob.id, Draft(text=f"to {name}", in_reply_to_id=root.id)
        )
    rings.run()

    assert {t for t in read(owner, list_id) if t != "A question"} == shown


def test_what_is_hidden_from_home_is_hidden_from_lists(
    kwip, friends, make_list, read, say
):
    owner, bob, carol = friends
    list_id = make_list(owner, bob, carol)
    post = say(carol, "of carol")
    say(bob, "for @carol alone", visibility=Visibility.DIRECT)
    say(bob, "for @owner alone", visibility=Visibility.DIRECT)
    kwip.services.reposts.repost(bob, post.id)
    assert read(owner, list_id) == ["for @owner alone", "of carol"]

    kwip.services.relationships.mute(owner, carol.id)

    assert read(owner, list_id) == ["for @owner alone"]


def test_a_deleted_list_is_gone_at_once_and_leaves_nothing(
    kwip, rings, friends, make_list, read, say, mongodb
):
    owner, bob, _ = friends
    list_id = make_list(owner, bob)
    say(bob, "of bob")

    kwip.services.lists.delete(owner, list_id)
    with pytest.raises(NotFoundError):
        read(owner, list_id)
    rings.waiting.clear()  # the queue is lost
    kwip.sweeper.sweep()
    rings.run()

    assert mongodb["lists"].count_documents({}) == 0
    assert mongodb["list_members"].count_documents({}) == 0
    assert mongodb["timelines"].count_documents({"_id": list_of(list_id)}) == 0
    say(bob, "later")
    assert mongodb["timelines"].count_documents({"_id": list_of(list_id)}) == 0


def test_a_place_whose_list_has_no_timeline_waits_no_longer(
    kwip, rings, friends, make_list, mongodb
):
    owner, bob, carol = friends
    list_id = make_list(owner, bob)
    mongodb["timelines"].delete_one({"_id": list_of(list_id)})

    kwip.services.lists.add(owner, list_id, [carol.id])
    kwip.services.lists.remove(owner, list_id, [bob.id])
    rings.run()

    states = {d["member_id"]: d["state"] for d in mongodb["list_members"].find()}
    assert states == {carol.id: "active"}


def test_a_rebuilt_list_stores_what_it_must_and_no_more(
    kwip, friends, make_list, say, mongodb
):
    owner, bob, carol = friends
    list_id = make_list(owner, bob)
    wanted = say(bob, "of bob")
    stray = say(carol, "of carol")
    kwip.store.database["timelines"].update_one(
        {"_id": list_of(list_id)}, {"$set": {"entries": [stray.id]}}
    )

    assert kwip.services.list_backfill.rebuild(list_id)

    assert kwip.stores.timelines.stored(list_of(list_id)).ids == (wanted.id,)


def test_fsck_finds_a_list_in_disorder_and_repair_rebuilds_it(
    kwip, settings, friends, make_list, say
):
    owner, bob, _ = friends
    list_id = make_list(owner, bob)
    post = say(bob, "of bob")
    kwip.store.database["timelines"].update_one(
        {"_id": list_of(list_id)}, {"$push": {"entries": 17}}
    )
    fsck = Fsck(AuditStore(kwip.store), system_clock_ms)

    [found] = fsck.run(Silence()).findings
    repair_by(kwip, settings).repair([found], Silence())

    assert found.repair == f"rebuild the timeline of list {list_id}"
    assert fsck.run(Silence()).findings == []
    assert kwip.stores.timelines.stored(list_of(list_id)).ids == (post.id,)


def test_lists_and_their_people_have_limits(kwip, friends, make_list, monkeypatch):
    owner, bob, carol = friends
    monkeypatch.setattr("kwip.store.social.lists.MAX_MEMBERS", 1)
    monkeypatch.setattr("kwip.store.social.lists.MAX_LISTS", 1)
    list_id = make_list(owner, bob)

    kwip.services.lists.add(owner, list_id, [bob.id])  # is in it already
    with pytest.raises(InvalidError, match="can have up to"):
        kwip.services.lists.add(owner, list_id, [carol.id])
    with pytest.raises(InvalidError, match="You can have up to"):
        kwip.services.lists.create(owner, ListChange(title="Another"))


@pytest.mark.parametrize("title", ["", "  \u200b ", "x" * 101, "\ud800"])
def test_a_title_that_cannot_be_used_is_refused(kwip, friends, make_list, title):
    owner = friends[0]
    list_id = make_list(owner)

    for attempt in (
        lambda: kwip.services.lists.create(owner, ListChange(title=title)),
        lambda: kwip.services.lists.change(owner, list_id, ListChange(title=title)),
    ):
        with pytest.raises(InvalidError) as refused:
            attempt()
        assert list(refused.value.fields) == ["title"]
