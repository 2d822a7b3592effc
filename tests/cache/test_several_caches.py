"""Two cache nodes, each read by a process: what one failing does to the other."""

from __future__ import annotations

import pytest

from kwip.store.fence import FenceStore
from tests.servers import wait_until


@pytest.fixture
def valkeys(private_valkey):
    return {"a": private_valkey(), "b": private_valkey()}


@pytest.fixture
def processes(node, valkeys):
    """Return a function that makes a process which reads node a, and one of b."""

    def make(*, knows_others=True):
        made = []
        for name, other in (("a", "b"), ("b", "a")):
            others = {other: valkeys[other].uri} if knows_others else {}
            made.append(node(valkeys[name].uri, cache=(name, others)))
            assert made[-1].fence.await_lease(30)
        return made

    return make


@pytest.fixture
def fences(mongodb):
    """Return a function that reads the fence of a node."""
    return lambda name: FenceStore(mongodb, name).read()


def filled(process, note_id):
    """Read until the note is in the process's cache, which a late lease may put off."""

    def is_hit():
        process.read(note_id)
        before = process.notes.queries
        process.read(note_id)
        return process.notes.queries == before

    wait_until(is_hit)


def both_read(processes, text):
    for process in processes:
        filled(process, 1)
        assert process.read(1).text == text


def test_an_invalidation_goes_to_every_node(processes):
    a, b = processes()
    a.write(1, "before")
    both_read((a, b), "before")

    a.write(1, "after")

    assert [a.read(1).text, b.read(1).text] == ["after", "after"]


def test_without_the_other_node_it_would_read_the_past(processes):
    a, b = processes(knows_others=False)
    a.write(1, "before")
    both_read((a, b), "before")

    a.write(1, "after")

    assert b.read(1).text == "before"


def test_the_nodes_of_one_database_have_one_name(processes, fences):
    processes()

    assert fences("a").deployment == fences("b").deployment


@pytest.mark.parametrize("fail", ["freeze", "kill"])
def test_a_node_that_fails_is_suspended_and_the_other_goes_on(
    processes, valkeys, fences, fail
):
    a, b = processes()
    a.write(1, "before")
    a.write(2, "another")
    both_read((a, b), "before")
    filled(a, 2)
    getattr(valkeys["b"], fail)()

    a.write(1, "after")

    queries = a.notes.queries
    assert fences("b").suspended
    assert (fences("a").epoch, fences("a").suspended) == (1, False)
    assert a.read(2).text == "another"
    assert a.notes.queries == queries, "what was cached in a is still there"
    assert [a.read(1).text, b.read(1).text] == ["after", "after"]


@pytest.mark.parametrize("fail", ["freeze", "kill"])
def test_a_node_that_comes_back_shows_nothing_of_before(
    processes, valkeys, fences, fail
):
    a, b = processes()
    a.write(1, "before")
    both_read((a, b), "before")
    getattr(valkeys["b"], fail)()
    a.write(1, "after")
    assert a.fence.lease() is not None or a.fence.await_lease(30)

    valkeys["b"].thaw() if fail == "freeze" else valkeys["b"].start()

    wait_until(lambda: not fences("b").suspended)
    wait_until(lambda: b.fence.lease() is not None)
    both_read((a, b), "after")
    assert (fences("a").epoch, fences("b").epoch) == (1, 2)
    b.write(1, "later")
    assert [a.read(1).text, b.read(1).text] == ["later", "later"]


def test_all_nodes_can_be_made_to_forget(processes, fences):
    a, b = processes()
    a.notes.write(1, "before")
    both_read((a, b), "before")
    a.notes.write(1, "after")

    a.fence.end_all()

    assert [fences(name).epoch for name in "ab"] == [2, 2]
    assert [a.read(1).text, b.read(1).text] == ["after", "after"]
