"""The active order: the conversation that was answered last is on top."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.pages import PageRequest
from kwip.services.timelines import active_order as active
from kwip.services.timelines import walk
from kwip.services.timelines.hydration import Hydration
from tests.thorough import IS_THOROUGH

FIRST = PageRequest(limit=40, is_active=True)


@pytest.fixture
def bob(kwip, rings, new_user, alice):
    """Return somebody who follows alice."""
    bob = new_user("bob")
    kwip.services.relationships.follow(bob, alice.id)
    rings.run()
    return bob


def say(kwip, author, text="x", **fields):
    return kwip.services.posts.publish(author.id, Draft(text=text, **fields)).id


def answer(kwip, author, post_id, **fields):
    return say(kwip, author, in_reply_to_id=post_id, **fields)


def readers(kwip, viewer, author, tag="tea"):
    """Give what reads each kind of timeline."""
    timelines, begin = kwip.services.timelines, kwip.services.loaders.begin
    return {
        "public": lambda page: timelines.public(viewer, begin(), page),
        "tag": lambda page: timelines.tag(viewer, begin(), tag, page),
        "user": lambda page: timelines.user(viewer, begin(), author.id, page),
        "home": lambda page: timelines.home(viewer, begin(), page),
    }


def ids(page):
    return [view.post.id for view in page.items]


def settle(kwip, rings):
    """Let the worker come, and debounced invalidations be over."""
    rings.run()
    for name in ("public:0", "tag:tea"):
        kwip.fence.invalidate([f"active:{name}"])


@pytest.mark.parametrize("kind", ["public", "tag", "user", "home"])
def test_an_answer_for_everybody_moves_its_conversation_up(
    kwip, rings, alice, bob, kind
):
    read = readers(kwip, bob, alice)[kind]
    roots = [say(kwip, alice, f"#tea {n}") for n in range(4)]
    settle(kwip, rings)
    assert ids(read(FIRST)) == roots[::-1]

    first = answer(kwip, bob, roots[1])
    answer(kwip, alice, first, visibility=Visibility.UNLISTED)
    answer(kwip, bob, roots[0])
    answer(kwip, alice, roots[3], visibility=Visibility.FOLLOWERS)
    settle(kwip, rings)

    assert ids(read(FIRST)) == [roots[0], roots[1], roots[3], roots[2]]
    assert ids(read(replace(FIRST, is_active=False)))[:2] != roots[:2]


def test_what_is_hidden_from_the_reader_stays_hidden(kwip, rings, alice, bob):
    kept, gone = say(kwip, alice, "#tea 1"), say(kwip, alice, "#tea 2")
    secret = say(kwip, alice, "#tea 3", visibility=Visibility.FOLLOWERS)
    for post_id in (kept, gone):
        answer(kwip, alice, post_id)
    kwip.services.posts.delete(alice, gone)
    settle(kwip, rings)

    for kind, read in readers(kwip, bob, alice).items():
        seen = [secret, kept] if kind in {"user", "home"} else [kept]
        assert sorted(ids(read(FIRST))) == sorted(seen), kind
    visitor = readers(kwip, None, alice)
    assert ids(visitor["user"](FIRST)) == [kept]
    kwip.services.relationships.mute(bob, alice.id)
    assert ids(readers(kwip, bob, alice)["public"](FIRST)) == []


def test_a_deleted_answer_moves_nothing_down(kwip, rings, alice, bob):
    roots = [say(kwip, alice, f"#tea {n}") for n in range(2)]
    reply = answer(kwip, alice, roots[0])
    kwip.services.posts.delete(alice, reply)
    settle(kwip, rings)

    for read in readers(kwip, bob, alice).values():
        assert ids(read(FIRST)) == roots


def test_repeats_are_folded_in_this_order_too(kwip, rings, alice, bob):
    first, again = (say(kwip, alice, "#tea?") for _ in range(2))
    answer(kwip, bob, again)
    settle(kwip, rings)

    for read in readers(kwip, bob, alice).values():
        assert ids(read(FIRST)) == [again, first]
        page = read(replace(FIRST, folds_repeats=True))
        assert (ids(page), page.folded) == ([first], 1)


def test_a_worker_moves_up_what_its_dead_writer_did_not(
    kwip, rings, alice, bob, monkeypatch
):
    roots = [say(kwip, alice, f"#tea {n}") for n in range(2)]

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(type(kwip.stores.activity), "bump", die)
        with pytest.raises(KeyboardInterrupt):
            answer(kwip, alice, roots[0])
    [reply] = kwip.store.database["posts"].distinct("_id", {"root_id": roots[0]})[1:]
    kwip.services.fanout.deliver(kwip.services.fanout.begin(reply))
    settle(kwip, rings)

    assert kwip.stores.posts.get_many(roots)[roots[0]].last_public_reply_id == reply


#: What happens while somebody pages: an answer to one of the conversations, or a page.
STEPS = st.lists(st.one_of(st.integers(0, 4), st.just("page")), max_size=9)


class Reader:
    """Somebody who pages through a hashtag in the active order."""

    def __init__(self, kwip, tag):
        self._kwip, self._tag = kwip, tag
        self.pages = []

    def read(self, **page):
        return self._kwip.services.timelines.tag(
            None,
            self._kwip.services.loaders.begin(),
            self._tag,
            PageRequest(is_active=True, **page),
        )

    def turn(self):
        """Read the next page; False if it was the last."""
        cursor = {}
        if self.pages:
            last = self.pages[-1]
            cursor = {"max_id": last.next_max_id, "as_of": last.as_of}
        self.pages.append(self.read(limit=2, **cursor))
        return self.pages[-1].next_max_id is not None

    def back(self):
        """Read upwards from the last page; give what is met."""
        seen, place = [], self.pages[-1].prev_min_id
        while place is not None:
            found = self.read(limit=2, min_id=place, as_of=self.pages[0].as_of)
            seen = [*ids(found), *seen]
            place = found.prev_min_id
        return seen


def test_paging_meets_each_conversation_once_whatever_moves(kwip, alice):
    names = itertools.count()

    @settings(max_examples=100 if IS_THOROUGH else 8)
    @given(before=st.lists(st.integers(0, 4), max_size=3), steps=STEPS)
    def check(before, steps):
        tag = f"tea{next(names)}"
        roots = [say(kwip, alice, f"#{tag} {n}") for n in range(5)]

        def move(number):
            answer(kwip, alice, roots[number])
            kwip.fence.invalidate([f"active:tag:{tag}"])

        for number in before:
            move(number)
        kwip.fence.invalidate([f"active:tag:{tag}"])
        reader, wanted = Reader(kwip, tag), []
        for step in itertools.chain(["page"], steps, itertools.repeat("page")):
            if step != "page":
                move(step)
                continue
            wanted = wanted or ids(reader.read())
            if not reader.turn():
                break
        seen = [post_id for page in reader.pages for post_id in ids(page)]

        assert sorted(wanted) == roots
        assert seen == wanted
        assert reader.back() == wanted[: -len(reader.pages[-1].items)]

    check()


def test_home_is_paged_without_a_gap_while_conversations_move(
    kwip, rings, alice, bob, monkeypatch
):
    monkeypatch.setattr(
        "kwip.services.timelines.active_order.WINDOW", 13
    )  # all that there is at first
    roots = [say(kwip, alice, f"{n}") for n in range(12)]
    rings.run()
    read = readers(kwip, bob, alice)["home"]
    chance = random.Random(4)  # noqa: S311 -- the same every time
    answer(kwip, alice, roots[5])
    rings.run()
    wanted = ids(read(FIRST))
    seen, page = [], PageRequest(limit=3, is_active=True)
    while True:
        found = read(page)
        seen += ids(found)
        if found.next_max_id is None:
            break
        page = replace(page, max_id=found.next_max_id, as_of=found.as_of)
        answer(kwip, chance.choice([alice, bob]), chance.choice(roots))
        say(kwip, alice, "A new one")
        rings.run()

    assert wanted == [roots[5], *roots[:5:-1], *roots[4::-1]]
    assert seen == wanted


def test_home_knows_this_order_of_its_newest_entries_alone(
    kwip, rings, alice, bob, monkeypatch
):
    monkeypatch.setattr("kwip.services.timelines.active_order.WINDOW", 5)
    roots = [say(kwip, alice, f"{n}") for n in range(8)]
    answer(kwip, alice, roots[0])
    rings.run()
    read = readers(kwip, bob, alice)["home"]
    page = read(PageRequest(limit=2, is_active=True))
    assert (ids(page), page.window_end) == ([roots[7], roots[6]], None)
    last = read(
        PageRequest(limit=2, is_active=True, max_id=page.next_max_id, as_of=page.as_of)
    )

    assert ids(last) == [roots[5], roots[4]]
    assert (last.next_max_id, last.window_end) == (None, roots[4])


@pytest.fixture
def hydrated(monkeypatch):
    """Let a request hydrate 12 conversations at most; return how many each call did."""
    counts, posts = [], Hydration.posts

    def counting(self, viewer, loader, entries, **options):
        counts.append(len(entries))
        return posts(self, viewer, loader, entries, **options)

    monkeypatch.setattr(Hydration, "posts", counting)
    monkeypatch.setattr(active, "MAX_HYDRATED", 12)
    return counts


#: Of each timeline: who reads it, and how what is hidden from them was written.
HIDDEN = {
    "public": "by a suspended author",
    "tag": "by a suspended author",
    "user": "for followers",
    "tagged": "without the hashtag",
    "widget": "of who is in no widgets",
    "muted": "by a muted author",
}


def hide(kwip, alice, bob, kind):
    """Publish two conversations, and 40 between them that the reader may not see."""
    first, last = say(kwip, alice, "#tea 1"), None
    writer = alice if kind in {"user", "tagged"} else bob
    text = "x" if kind == "tagged" else "#tea"
    visibility = Visibility.FOLLOWERS if kind == "user" else Visibility.PUBLIC
    for number in range(40):
        say(kwip, writer, f"{text} {number}", visibility=visibility)
    last = say(kwip, alice, "#tea 2")
    if kind in {"public", "tag"}:
        kwip.services.moderation.suspend(bob.id)
    elif kind == "widget":
        change = ProfileChange(is_embeddable=False)
        kwip.services.users.update_profile(bob, change)
    return [last, first]


@pytest.mark.parametrize("kind", HIDDEN)
def test_however_much_is_hidden_one_request_does_its_share_and_the_next_goes_on(
    kwip, rings, alice, bob, new_user, hydrated, monkeypatch, kind
):
    wanted = hide(kwip, alice, bob, kind)
    viewer = None
    if kind == "muted":  # what is not hydrated is walked past more cheaply
        monkeypatch.setattr(walk.Walk.__init__, "__defaults__", (12,))
        viewer = new_user("carol")
        kwip.services.relationships.mute(viewer, bob.id)
    settle(kwip, rings)
    begin, timelines = kwip.services.loaders.begin, kwip.services.timelines
    read = readers(kwip, viewer, alice) | {
        "tagged": lambda page: timelines.user(None, begin(), alice.id, page, tag="tea"),
        "widget": lambda page: kwip.services.widgets.public(begin(), page),
        "muted": lambda page: timelines.public(viewer, begin(), page),
    }
    page, seen, back, pages = PageRequest(limit=3, is_active=True), [], [], 0
    while True:
        hydrated.clear()
        found = read[kind](page)
        seen, pages = seen + ids(found), pages + 1
        assert sum(hydrated) <= 12
        if found.next_max_id is None:
            break
        page = replace(page, max_id=found.next_max_id, as_of=found.as_of)
    page = replace(page, max_id=None, min_id=0)
    while page.min_id is not None:
        hydrated.clear()
        found = read[kind](page)
        back = [*ids(found), *back]
        assert sum(hydrated) <= 12
        page = replace(page, min_id=found.prev_min_id)

    assert seen == back == wanted
    assert pages == 4
