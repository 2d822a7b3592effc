from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest

from kwip.domain.errors import StoreUnavailableError
from kwip.domain.timelines.timelines import KEEP_OPEN, READ_RESTART_S, SEAL_AT
from kwip.store.client import Store
from kwip.store.timelines.buckets import (
    bucket_document,
    empty_timeline,
    home_of,
    user_of,
)
from kwip.store.timelines.timelines import TimelineStore
from tests.store.stores import LATER, NOW

ALICE, BOB, CAROL = (home_of(n) for n in (1, 2, 3))


@pytest.fixture(params=[False, True], ids=["one", "sharded"])
def timelines(store, request):
    """Return the store of one server, and of a router of a sharded cluster."""
    made = Store(store.client, store.database.name, is_sharded=request.param)
    return TimelineStore(made)


@pytest.fixture
def homes(mongodb):
    """Return a function that makes homes with entries."""

    def make(**entries):
        for name, ids in entries.items():
            owner = {"alice": ALICE, "bob": BOB, "carol": CAROL}[name]
            document = empty_timeline(owner) | {"entries": list(ids)}
            mongodb["timelines"].insert_one(document)

    return make


def entries_of(mongodb, owner):
    return mongodb["timelines"].find_one({"_id": owner})["entries"]


def sealed_ids(mongodb, owner):
    """Give all that the sealed buckets of an owner hold, doubles included."""
    found = mongodb["timeline_buckets"].find({"owner": owner})
    return sorted(i for d in found for i in d["entries"])


def last_change(mongodb, owner):
    """Give what the newest entry of the oplog says of a timeline."""
    oplog = mongodb.client["local"]["oplog.rs"]
    query = {"ns": f"{mongodb.name}.timelines", "o2._id": owner}
    return oplog.find_one(query, sort=[("$natural", -1)])["o"]


def test_a_home_is_named_after_its_owner():
    assert user_of(home_of(17)) == 17


def test_an_id_is_pushed_once_to_each_open_bucket_that_lacks_it(
    timelines, homes, mongodb
):
    homes(alice=[], bob=[5])

    assert timelines.push([ALICE, BOB], [5]) == 1
    assert timelines.push([ALICE, BOB], [5]) == 0
    assert entries_of(mongodb, ALICE) == entries_of(mongodb, BOB) == [5]


def test_several_ids_reach_an_owner_who_has_one_of_them_already(
    timelines, homes, mongodb
):
    homes(alice=[6], bob=[], carol=[5, 6, 7])

    assert timelines.push([ALICE, BOB, CAROL], [5, 6, 7]) == 2
    for owner in (ALICE, BOB, CAROL):
        assert sorted(entries_of(mongodb, owner)) == [5, 6, 7]
    assert timelines.push([ALICE, BOB, CAROL], [5, 6, 7]) == 0


@pytest.mark.parametrize("ids", [[5], [5, 6]])
def test_the_version_counts_what_was_added(timelines, homes, mongodb, ids):
    homes(alice=[])
    timelines.push([ALICE], ids)
    timelines.push([ALICE], ids)

    assert timelines.find_open(ALICE).version == len(ids)
    assert set(mongodb["timelines"].find_one({"_id": ALICE})) == set(
        empty_timeline(ALICE)
    )


def test_ids_below_the_floor_are_not_stored(timelines, homes, mongodb):
    homes(alice=[])
    mongodb["timelines"].update_one({"_id": ALICE}, {"$set": {"floor": 10}})
    timelines.push([ALICE], [9])
    timelines.push([ALICE], [8, 9, 10, 11])
    timelines.push([ALICE], [10])

    assert sorted(entries_of(mongodb, ALICE)) == [10, 11]


def test_pushing_makes_no_timeline(timelines, homes, mongodb):
    homes(alice=[])
    timelines.push([ALICE, BOB], [5])
    timelines.push([ALICE, BOB], [5, 6])
    timelines.add(BOB, [7], holder="holder")

    assert mongodb["timelines"].count_documents({}) == 1


@pytest.mark.parametrize("ids", [[777_777], [777_777, 888_888]])
def test_a_push_logs_what_it_appends_and_not_the_whole_array(
    timelines, homes, mongodb, ids
):
    homes(alice=range(100, 200))
    timelines.push([ALICE], ids)
    logged = repr(last_change(mongodb, ALICE))

    assert all(repr(i) in logged for i in ids)
    assert "150" not in logged


def test_a_full_bucket_is_sealed_and_keeps_its_newest(timelines, homes, mongodb):
    homes(alice=range(SEAL_AT), bob=range(SEAL_AT - 1))

    assert timelines.seal_full([ALICE, BOB]) == [ALICE]
    assert entries_of(mongodb, ALICE) == list(range(SEAL_AT - KEEP_OPEN, SEAL_AT))
    assert sealed_ids(mongodb, ALICE) == list(range(SEAL_AT - KEEP_OPEN))
    assert timelines.stored(ALICE).ids == tuple(range(SEAL_AT))[::-1]
    assert timelines.stored(BOB).ids == tuple(range(SEAL_AT - 1))[::-1]
    assert mongodb["timeline_buckets"].count_documents({}) == 1


def newest(timelines, owner, enough=1):
    """Give what is read where so many ids are enough, and whether there is more."""
    found = timelines.stored_many([owner], enough=enough)[owner]
    return list(found.ids), found.goes_on


def test_what_is_above_the_sealed_part_can_be_read_alone(timelines, homes, commands):
    homes(alice=range(1, SEAL_AT + 1))
    timelines.seal_full([ALICE])
    timelines.push([ALICE], [SEAL_AT + 1])
    before = len(commands)
    top = list(range(SEAL_AT + 1, SEAL_AT - KEEP_OPEN, -1))

    assert newest(timelines, ALICE) == (top, True)
    assert len(commands) - before == 1
    assert newest(timelines, ALICE, enough=len(top)) == (top, True)
    everything = list(range(SEAL_AT + 1, 0, -1))
    assert newest(timelines, ALICE, enough=len(top) + 1) == (everything, False)


def test_what_arrives_below_the_sealed_part_is_not_among_the_newest(timelines, homes):
    homes(alice=range(10, 10 + 2 * SEAL_AT, 2))
    timelines.seal_full([ALICE])
    timelines.push([ALICE], [11])
    ids, goes_on = newest(timelines, ALICE)

    assert (len(ids), goes_on) == (KEEP_OPEN, True)
    assert 11 not in ids
    assert 11 in timelines.stored(ALICE).ids


def test_a_timeline_of_which_nothing_is_sealed_is_read_by_one_query(
    timelines, homes, commands
):
    homes(alice=range(5))
    before = len(commands)

    assert newest(timelines, ALICE) == ([4, 3, 2, 1, 0], False)
    assert len(commands) - before == 1


def test_a_timeline_that_does_not_say_what_is_sealed_is_read_whole(
    timelines, homes, mongodb
):
    homes(alice=range(1, SEAL_AT + 1))
    mongodb["timelines"].update_one({"_id": ALICE}, {"$unset": {"sealed_to": ""}})
    timelines.seal_full([ALICE])

    assert newest(timelines, ALICE) == (list(range(SEAL_AT, 0, -1)), False)
    assert "sealed_to" not in mongodb["timelines"].find_one({"_id": ALICE})


def test_sealing_twice_changes_nothing(timelines, homes, mongodb):
    homes(alice=range(SEAL_AT))
    timelines.seal_full([ALICE])
    before = list(mongodb["timelines"].find()), list(mongodb["timeline_buckets"].find())
    timelines.seal_full([ALICE])

    assert before == (
        list(mongodb["timelines"].find()),
        list(mongodb["timeline_buckets"].find()),
    )


class Interrupted(TimelineStore):
    """Does something of a test's between the insert of a seal and its cut."""

    def __init__(self, store, meanwhile):
        super().__init__(store)
        self._meanwhile = meanwhile

    def insert_sealed(self, documents):
        super().insert_sealed(documents)
        self._meanwhile()


def test_an_entry_that_arrives_between_a_seals_insert_and_its_cut_stays(
    store, timelines, homes
):
    homes(alice=range(SEAL_AT))
    sealer = Interrupted(store, lambda: timelines.push([ALICE], [500]))
    sealer.seal_full([ALICE])

    assert timelines.stored(ALICE).ids == (500, *range(SEAL_AT)[::-1])
    # The bucket is left to the next delivery, which seals it without a loss.
    timelines.push([ALICE], [501])
    assert timelines.seal_full([ALICE]) == [ALICE]
    assert timelines.stored(ALICE).ids == (501, 500, *range(SEAL_AT)[::-1])
    assert len(timelines.find_open(ALICE).entries) == KEEP_OPEN


def test_two_sealers_of_one_bucket_lose_nothing(store, timelines, homes, mongodb):
    homes(alice=range(SEAL_AT))
    sealer = Interrupted(store, lambda: timelines.seal_full([ALICE]))
    sealer.seal_full([ALICE])

    assert timelines.stored(ALICE).ids == tuple(range(SEAL_AT))[::-1]
    assert sealed_ids(mongodb, ALICE) == list(range(SEAL_AT - KEEP_OPEN))


def test_sealers_that_cut_differently_below_one_id_unite(timelines, mongodb, homes):
    homes(alice=[])
    timelines.insert_sealed([bucket_document(ALICE, 0, [4, 6, 9])])
    timelines.insert_sealed(
        [bucket_document(ALICE, 0, [5, 6, 9]), bucket_document(ALICE, 0, [1, 2])]
    )
    timelines.insert_sealed([bucket_document(ALICE, 0, [3, 9])])
    found = mongodb["timeline_buckets"].find_one({"high": 9})

    assert found["entries"] == [3, 4, 5, 6, 9]
    assert found["low"] == 3
    mongodb["timelines"].update_one({"_id": ALICE}, {"$set": {"sealed_to": 9}})
    assert timelines.stored(ALICE).ids == (9, 6, 5, 4, 3, 2, 1)


def test_a_bucket_that_comes_back_is_not_deleted(timelines, mongodb):
    timelines.insert_sealed([bucket_document(ALICE, 0, [1, 2])])
    mongodb["timeline_buckets"].update_many({}, {"$set": {"expires_at": LATER}})
    timelines.insert_sealed([bucket_document(ALICE, 0, [1, 2])])

    assert "expires_at" not in mongodb["timeline_buckets"].find_one({})


def test_deliverers_and_sealers_in_a_crowd_lose_nothing(store, homes):
    homes(alice=[], bob=[])
    ids = range(1, 401)
    errors = []

    def work(part):
        try:
            own = TimelineStore(store)
            for i in part:
                own.push([ALICE, BOB], [i] if i % 3 else [i, i + 1_000])
                own.seal_full([ALICE, BOB])
        except Exception as error:  # noqa: BLE001 -- told by the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(ids[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    wanted = {*ids, *(i + 1_000 for i in ids if i % 3 == 0)}
    for owner in (ALICE, BOB):
        assert TimelineStore(store).stored(owner).ids == tuple(
            sorted(wanted, reverse=True)
        )


def test_a_reader_between_the_steps_of_a_seal_sees_everything(store, timelines, homes):
    homes(alice=range(SEAL_AT))
    seen = []
    sealer = Interrupted(store, lambda: seen.append(timelines.stored(ALICE).ids))
    sealer.seal_full([ALICE])

    assert seen == [tuple(range(SEAL_AT))[::-1]]


def test_a_seal_between_the_two_reads_of_a_reader_hides_nothing(
    store, timelines, homes
):
    class Slow(TimelineStore):
        def _open_buckets(self, owners):
            found = super()._open_buckets(owners)
            sealed.extend(timelines.seal_full(owners))
            return found

    homes(alice=range(SEAL_AT))
    sealed = []

    assert Slow(store).stored(ALICE).ids == tuple(range(SEAL_AT))[::-1]
    assert sealed == [ALICE]


def test_a_read_that_took_too_long_starts_over(store, homes):
    homes(alice=[1, 2])
    times = iter([0.0, READ_RESTART_S + 1, 100.0, 101.0])

    assert TimelineStore(store, lambda: next(times)).stored(ALICE).ids == (2, 1)
    assert list(times) == []


def test_a_read_that_is_always_too_slow_is_given_up(store, homes):
    homes(alice=[1])
    clock = iter(range(0, 100_000, 100))
    with pytest.raises(StoreUnavailableError):
        TimelineStore(store, lambda: next(clock)).stored(ALICE)


def test_sizes_count_open_and_sealed_ids_in_use(timelines, homes, mongodb):
    homes(alice=[50, 51], bob=[1])
    mongodb["timelines"].update_one({"_id": ALICE}, {"$set": {"floor": 9, "epoch": 2}})
    timelines.insert_sealed(
        [
            bucket_document(ALICE, 2, [10, 11, 12]),
            bucket_document(ALICE, 2, [7, 8]),  # below the floor
            bucket_document(ALICE, 1, [20, 21]),  # of an older epoch
        ]
    )

    assert timelines.sizes([ALICE, BOB, CAROL]) == {ALICE: 5, BOB: 1}
    assert timelines.sizes([]) == {}


def test_one_upkeep_at_a_time_and_each_with_a_higher_term(timelines, homes):
    homes(alice=[])
    first = timelines.take(ALICE, "one", NOW, LATER)

    assert timelines.take(ALICE, "two", NOW, LATER) is None
    timelines.release(ALICE, "two")
    assert timelines.take(ALICE, "two", LATER, LATER) is None
    late = LATER + dt.timedelta(seconds=1)
    second = timelines.take(ALICE, "two", late, late)
    assert second.term > first.term > 0
    timelines.release(ALICE, "two")
    assert timelines.take(ALICE, "three", NOW, LATER).term > second.term
    assert timelines.take(CAROL, "one", NOW, LATER) is None


def test_upkeep_without_the_lease_changes_nothing(timelines, homes, mongodb):
    homes(alice=[1])
    lease = timelines.take(ALICE, "one", NOW, LATER)
    timelines.release(ALICE, "one")
    timelines.take(ALICE, "two", NOW, LATER)
    before = mongodb["timelines"].find_one({"_id": ALICE})
    new = replace(lease.bucket, entries=(7,))

    assert not timelines.replace_open(lease.bucket, new, holder="one")
    assert not timelines.raise_floor(ALICE, 5, holder="one")
    assert not timelines.add(ALICE, [5], holder="one")
    timelines.release(ALICE, "one")
    assert mongodb["timelines"].find_one({"_id": ALICE}) == before


def test_a_bucket_that_changed_is_not_replaced(timelines, homes, mongodb):
    homes(alice=[1])
    bucket = timelines.take(ALICE, "one", NOW, LATER).bucket
    timelines.push([ALICE], [2])

    assert not timelines.replace_open(bucket, replace(bucket, entries=()), holder="one")
    assert entries_of(mongodb, ALICE) == [1, 2]


def test_the_floor_only_rises(timelines, homes):
    homes(alice=[])
    timelines.take(ALICE, "one", NOW, LATER)
    timelines.raise_floor(ALICE, 9, holder="one")
    timelines.raise_floor(ALICE, 5, holder="one")

    assert timelines.find_open(ALICE).floor == 9


def test_only_buckets_out_of_use_expire_and_once(timelines, homes, mongodb):
    homes(alice=[])
    mongodb["timelines"].update_one({"_id": ALICE}, {"$set": {"floor": 10, "epoch": 2}})
    timelines.insert_sealed(
        [
            bucket_document(ALICE, 2, [10, 11]),
            bucket_document(ALICE, 2, [8, 9]),
            bucket_document(ALICE, 1, [20, 21]),
            bucket_document(ALICE, 3, [30, 31]),  # of a rebuild under way
            bucket_document(BOB, 1, [1, 2]),
        ]
    )
    timelines.expire_buckets(timelines.find_open(ALICE), LATER)
    timelines.expire_buckets(timelines.find_open(ALICE), NOW)
    expiring = mongodb["timeline_buckets"].find({"expires_at": LATER})

    assert {d["_id"] for d in expiring} == {f"{ALICE}:2:9", f"{ALICE}:1:21"}
    assert (
        mongodb["timeline_buckets"].count_documents({"expires_at": {"$exists": True}})
        == 2
    )
