"""Whatever is merged into a home, every post is there once and in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwip.domain.ids import MAX_ID, UserId
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.timelines import Chunk, Entry, Pulls
from kwip.services.reading.kinds import Kind
from kwip.services.reading.loader import Loader, Loaders
from kwip.services.reading.slices import Slice
from kwip.services.timelines import merging as module
from kwip.services.timelines.merging import MergeSource
from kwip.services.timelines.sources import Shown, Sources

VIEWER = UserId(1)
PART = 3
TOGETHER = 2
GRAIN = 7


@dataclass
class World:
    """A home and timelines beside it, in memory, read in parts of three entries."""

    stored: set[int]
    floor: int
    below: set[int]
    beside: dict[str, set[int]]
    pulls_floor: int = 0
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self):
        self.homes = self._kind("home", lambda _: self.stored, self.floor)
        self.others = self._kind("other", lambda owner: self.beside[owner], 0)
        self.pulls = replace(
            self.others,
            key=str,
            variant=str,
            load=lambda ids: {i: Pulls({}, self.pulls_floor) for i in ids},
        )

    def _kind(self, name, ids_of, floor):
        def load(part):
            lower, upper = part.bounds
            ids = sorted(i for i in ids_of(part.owner) if lower < i < upper)
            chosen = ids[:PART] if part.is_upwards else ids[-PART:]
            entries = tuple(Entry(i, UserId(2), UserId(0)) for i in chosen[::-1])
            return Chunk(entries, floor, ends=len(ids) == len(chosen))

        def load_all(parts):
            self.asked.append(tuple(str(part.owner) for part in parts))
            return {part: load(part) for part in parts}

        return Kind(
            name=name,
            key=str,
            variant=str,
            encode=lambda _: b"",
            decode=lambda _: None,
            version=lambda _: 0,
            load=load_all,
            ttl_s=1,
        )

    def entries_by(self, _, *, below, above, limit, ascending):
        ids = sorted(
            (i for i in self.below if above < i < below), reverse=not ascending
        )
        return [Entry(i, UserId(2), UserId(0)) for i in ids[:limit]]

    def note(self, user_id, *, has_home):
        pass

    def sides(self, newest):
        return [
            MergeSource(
                self.others, name, newest=newest[name], oldest=self.lowest, grain=GRAIN
            )
            for name in self.beside
        ]

    @property
    def lowest(self):
        """Give the id below which a home is read as if it stored nothing."""
        return max(self.floor, self.pulls_floor)

    def read(self, page, sides):
        loader = Loader(Loaders(None, NoLease()), None, RequestCharge())
        shown = Shown(self.homes, VIEWER, frozenset({VIEWER}))
        return Sources(self, self, self).stored(shown, loader, page, sides)

    def everything(self, newest):
        """Give all that a home shows, newest first, without any merge."""
        beside = {
            i
            for name, ids in self.beside.items()
            for i in ids
            if self.lowest <= i <= newest[name]
        }
        stored = {i for i in self.stored if i >= self.lowest}
        return sorted(stored | beside | self.below, reverse=True)


class NoLease:
    def lease(self):
        return None


class RequestCharge:
    def count(self, _):
        pass

    def settle(self, _):
        pass

    def require(self):
        pass


ids = st.integers(1, 60)


@st.composite
def worlds(draw):
    """Draw homes, floors, and other timelines that overlap with them.

    A timeline beside has entries above the newest that matters only if home stores
    them, as an author has whose posts are pushed again. A home may store from further
    down than it is read from.
    """
    floor = draw(st.sampled_from([0, 20, 40, MAX_ID]))
    pulls_floor = draw(st.sampled_from([0, 10, 30, 50]))
    stored = {i for i in draw(st.sets(ids)) if i >= floor}
    below = {i for i in draw(st.sets(ids)) if i < max(floor, pulls_floor)}
    names = ["a", "b", "c", "d", "e"][: draw(st.integers(0, 5))]
    newest = {name: draw(st.sampled_from([10, 25, 45, MAX_ID])) for name in names}
    beside = {
        name: {i for i in draw(st.sets(ids)) if i <= newest[name] or i in stored}
        for name in names
    }
    return World(stored, floor, below, beside, pulls_floor), newest


@pytest.fixture(autouse=True, scope="module")
def _few_together():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "TOGETHER", TOGETHER)
        yield


@given(worlds(), st.none() | ids, st.none() | ids)
def test_a_page_is_what_a_merge_of_everything_gives(drawn, max_id, since_id):
    world, newest = drawn
    page = PageRequest(max_id=max_id, since_id=since_id)
    wanted = [i for i in world.everything(newest) if page.lower < i < page.upper]

    seen = [e.post_id for e in world.read(page, world.sides(newest))]

    assert seen == wanted


@given(worlds(), ids, st.none() | ids)
def test_a_page_upwards_is_the_same_from_its_other_end(drawn, min_id, max_id):
    world, newest = drawn
    page = PageRequest(min_id=min_id, max_id=max_id)
    wanted = [i for i in world.everything(newest)[::-1] if min_id < i < page.upper]

    seen = [e.post_id for e in world.read(page, world.sides(newest))]

    assert seen == wanted


def test_a_source_is_begun_when_the_page_comes_down_to_it():
    world = World({50, 51, 52}, 0, set(), {"a": {49}, "b": {48}, "c": {10}, "d": {9}})
    newest = {"a": 49, "b": 48, "c": 10, "d": 9}
    found = world.read(PageRequest(), world.sides(newest))

    assert [e.post_id for e in islice(found, 3)] == [52, 51, 50]
    assert world.asked == [("1",)]
    assert next(found).post_id == 49
    assert world.asked == [("1",), ("a", "b")], "those together cost one round trip"
    assert [e.post_id for e in found] == [48, 10, 9]
    assert world.asked == [("1",), ("a", "b"), ("c", "d")]


def test_readers_at_different_places_begin_with_the_same_part():
    side = MergeSource(None, 7, oldest=3, newest=60, grain=10)

    def first(**page):
        return side.first(PageRequest(**page))

    assert first(max_id=41) == first(max_id=50) == Slice(7, 50)
    assert first() == first(max_id=90) == first(max_id=61) == Slice(7, 61)
    assert first(min_id=29) == first(min_id=20) == Slice(7, 20, is_upwards=True)
    assert first(min_id=0) == Slice(7, 0, is_upwards=True)


def test_below_the_floor_no_source_is_asked():
    world = World({50}, 50, {10, 11}, {"a": {11, 51}})
    found = world.read(PageRequest(max_id=50), world.sides({"a": MAX_ID}))

    assert [e.post_id for e in found] == [11, 10]
    assert world.asked == [("1",)]
