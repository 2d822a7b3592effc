"""What somebody says again within a day is folded, alike on every page."""

from __future__ import annotations

import random

from kwip.domain.ids import MAX_ID
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.pushdown import Pushdown
from kwip.services.reading.loader import Lookup
from kwip.services.timelines import walk
from kwip.store.posting.pushdown import PushdownStore
from tests.services.timelines.test_active_order import bob

__all__ = ["bob"]


def say(kwip, author, text, **fields):
    return kwip.services.posts.publish(author.id, Draft(text=text, **fields)).id


def loader(kwip):
    return kwip.services.loaders.begin()


def read_user(kwip, viewer, author):
    return lambda page: kwip.services.timelines.user(
        viewer, loader(kwip), author.id, page
    )


def read_home(kwip, viewer):
    return lambda page: kwip.services.timelines.home(viewer, loader(kwip), page)


def ids_of(read, **page):
    return [
        view.post.id
        for view in read(PageRequest(limit=40, folds_repeats=True, **page)).items
    ]


def repeated(kwip, post_id):
    """Give what a post repeats, as the cache and as MongoDB have it."""
    cached = loader(kwip).load(
        Lookup(kwip.services.timelines._entities.posts, [post_id])
    )
    stored = kwip.stores.posts.get_many([post_id])[post_id].repeats_id
    assert cached[0][post_id].repeats_id == stored
    return stored


def test_repeats_are_folded_into_the_first_if_the_reader_wants_it(kwip, bob, alice):
    first = say(kwip, alice, "Tea?")
    other = say(kwip, alice, "Cake?")
    again = [say(kwip, alice, "Tea?  "), say(kwip, alice, "Tea?")]
    read = read_user(kwip, bob, alice)
    page = read(PageRequest(folds_repeats=True))

    assert [view.post.id for view in page.items] == [other, first]
    assert page.folded == 2
    shown = read(PageRequest())
    assert [view.post.id for view in shown.items] == [*again[::-1], other, first]
    assert shown.folded == 0


def test_ones_own_repeats_are_shown_to_oneself(kwip, alice):
    made = [say(kwip, alice, "Tea?") for _ in range(2)]

    assert ids_of(read_user(kwip, alice, alice)) == made[::-1]
    assert ids_of(read_home(kwip, alice)) == made[::-1]


def test_the_same_by_somebody_else_or_a_day_later_is_no_repeat(kwip, bob, alice):
    first = say(kwip, alice, "Tea?")
    day = 24 * 3_600_000 << 16
    kwip.store.database["posts"].update_one({"_id": first}, {"$set": {"said": 1}})
    old = kwip.store.database["posts"].find_one_and_delete({"_id": first})
    again = say(kwip, alice, "Tea?")
    kwip.store.database["posts"].insert_one(old | {"_id": again - day, "root_id": 1})
    later = say(kwip, alice, "Tea?")

    assert repeated(kwip, again) is None
    assert repeated(kwip, later) == again
    assert repeated(kwip, say(kwip, bob, "Tea?")) is None


def test_a_repost_of_a_repeat_is_shown(kwip, bob, alice, rings):
    first, again = say(kwip, alice, "Tea?"), say(kwip, alice, "Tea?")
    rings.run()
    repost = kwip.services.reposts.repost(bob, again).post.id

    assert ids_of(read_home(kwip, bob)) == [repost, first]


def test_a_deletion_of_the_first_lets_the_next_be_shown(kwip, bob, alice):
    made = [say(kwip, alice, "Tea?") for _ in range(3)]
    assert [repeated(kwip, i) for i in made] == [None, *made[:2]]
    kwip.services.posts.delete(alice, made[1])
    assert [repeated(kwip, i) for i in made] == [None, None, made[0]]
    kwip.services.posts.delete(alice, made[0])

    assert [repeated(kwip, i) for i in made] == [None, None, None]
    assert ids_of(read_user(kwip, bob, alice)) == [made[2]]


def test_an_edit_makes_repeats_and_ends_them(kwip, bob, alice):
    made = [say(kwip, alice, text) for text in ("Tea?", "Cake?", "Tea?")]
    kwip.services.posts.edit(alice, made[0], Edit(text="Cake?"))
    assert [repeated(kwip, i) for i in made] == [None, made[0], None]
    kwip.services.posts.edit(alice, made[1], Edit(text="Tea?"))

    assert [repeated(kwip, i) for i in made] == [None, None, made[1]]
    assert ids_of(read_user(kwip, bob, alice)) == made[1::-1]


def test_who_may_see_only_the_repeat_is_shown_it(kwip, bob, alice):
    say(kwip, alice, "Tea?", visibility=Visibility.FOLLOWERS)
    public = say(kwip, alice, "Tea?")

    assert ids_of(read_user(kwip, None, alice)) == [public]


def test_pages_of_any_size_and_direction_fold_alike(
    kwip, rings, bob, alice, monkeypatch
):
    for target in ("reading.slices", "timelines.paging", "timelines.sources"):
        monkeypatch.setattr(f"kwip.services.{target}.CHUNK", 7)
    chance = random.Random(2)  # noqa: S311 -- the same every time
    texts = [chance.choice(["Tea?", "Tea?", "Cake?", str(n)]) for n in range(24)]
    texts += ["Cake?"] * 12
    made = [say(kwip, alice, text) for text in texts]
    rings.run()
    first = dict(zip(texts[::-1], made[::-1], strict=True))
    wanted = sorted(first.values(), reverse=True)

    for read in (read_user(kwip, None, alice), read_home(kwip, bob)):
        for limit in (1, 3, 40):
            assert downwards(read, limit) == (wanted, len(made) - len(wanted))
            assert upwards(read, limit) == wanted
    # The queries that go on where too much is hidden leave repeats out as well.
    monkeypatch.setattr(walk.Walk.__init__, "__defaults__", (9,))
    for read in (read_user(kwip, None, alice), read_home(kwip, bob)):
        assert downwards(read, 3)[0] == upwards(read, 3) == wanted
    where = Pushdown(authors=frozenset({alice.id}), has_repeats=False)
    entries = PushdownStore(kwip.store).entries(
        where, [alice.id], above=0, below=MAX_ID, limit=99, ascending=False
    )
    assert [entry.post_id for entry in entries] == wanted


def downwards(read, limit):
    found, max_id, folded = [], None, 0
    while True:
        page = read(PageRequest(limit=limit, max_id=max_id, folds_repeats=True))
        assert page.items or page.next_max_id is None
        found += [view.post.id for view in page.items]
        folded += page.folded
        max_id = page.next_max_id
        if max_id is None:
            return found, folded


def upwards(read, limit):
    found, min_id = [], 0
    while items := read(
        PageRequest(limit=limit, min_id=min_id, folds_repeats=True)
    ).items:
        found = [*(view.post.id for view in items), *found]
        min_id = found[0]
    return found
