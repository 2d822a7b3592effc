"""The protocol holds, and breaking any rule of it is caught.

Larger bounds: `make check-cache`.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import kwip
from tests.protocol import mutants
from tests.protocol.explorer import explore
from tests.protocol.model import Bounds, Model

#: Each mutant with the property that it violates and the smallest bounds to see it.
MUTANTS = {
    # Schemes that are not versioned keys.
    mutants.CacheAside: Bounds(),
    mutants.WriteThrough: Bounds(writers=2, readers=(1,)),
    mutants.IncrementedGeneration: Bounds(evictions=1),
    mutants.GenerationFromDocumentVersion: Bounds(evictions=1),
    # The rules of versioned keys.
    mutants.FillWithoutCheck: Bounds(readers=(1, 1, 1), property="L"),
    mutants.RefusedLoadIsUsed: Bounds(readers=(3,), evictions=1, property="L"),
    mutants.GenerationAfterLoad: Bounds(),
    mutants.UnlinkBeforeWrite: Bounds(),
    mutants.NothingToDoDropsNothing: Bounds(repeats=1),
    mutants.RetryAfterCrashDropsNothing: Bounds(repeats=1, crashes=1),
    # The rules of sharing loads.
    mutants.JoinsLoadUnderWay: Bounds(),
    mutants.SharesAcrossGenerations: Bounds(fails=1),
    mutants.SharesAcrossLeases: Bounds(fails=1),
    mutants.LandsBeforeFill: Bounds(readers=(2, 2), property="L"),
    # The rules of the fence.
    mutants.FenceBeforeCommit: Bounds(),
    mutants.EpochAfterLoad: Bounds(fails=1),
    mutants.DoesNotOutwaitLeases: Bounds(fails=1),
    mutants.SuspendsWithoutNewEpoch: Bounds(fails=1),
    mutants.LooksBeforeCommit: Bounds(writers=2, fails=1),
    mutants.EntryWithoutEpoch: Bounds(fails=1),
    mutants.LeasesWhileSuspended: Bounds(writers=2, fails=1),
    mutants.MemoryWithoutEpoch: Bounds(fails=1, has_memory=True),
    # The rules of cached pages.
    mutants.PageIsTrusted: Bounds(has_pages=True),
    mutants.PageWithoutVersion: Bounds(readers=(2, 1), has_pages=True, property="L"),
    mutants.PageWithoutGeneration: Bounds(has_pages=True),
    mutants.PageWithoutEpoch: Bounds(fails=1, has_pages=True),
    mutants.PageIsStampedWhenKept: Bounds(readers=(3,), has_pages=True),
}
#: Somewhat more than any mutant needs.
MORE = (
    Bounds(writers=2, readers=(3,), evictions=1, crashes=1, property="L"),
    Bounds(writers=2, repeats=1, readers=(1, 1), evictions=1, crashes=1, property="L"),
    Bounds(writers=2, readers=(1, 1), fails=1, evictions=1, crashes=1),
    Bounds(writers=2, readers=(2,), fails=1, evictions=1, crashes=1, has_memory=True),
    Bounds(readers=(1, 2), fails=1, has_pages=True),
    Bounds(writers=2, readers=(2,), evictions=1, has_pages=True, property="L"),
)
each_mutant = pytest.mark.parametrize(
    ("mutant", "bounds"), MUTANTS.items(), ids=lambda x: getattr(x, "__name__", "")
)


def smaller(bounds):
    """Give the bounds that have one less of one thing."""
    for name in ("writers", "repeats", "fails", "evictions", "crashes"):
        number = getattr(bounds, name)
        if number:
            yield bounds._replace(**{name: number - 1})
    for i, number in enumerate(bounds.readers):
        left = (number - 1,) if number > 1 else ()
        yield bounds._replace(
            readers=bounds.readers[:i] + left + bounds.readers[i + 1 :]
        )
    for name in ("has_memory", "has_pages"):
        if getattr(bounds, name):
            yield bounds._replace(**{name: False})


@each_mutant
def test_a_broken_rule_is_caught(mutant, bounds):
    verdict = explore(mutant(bounds))

    assert not verdict.holds, f"{mutant.__doc__} was not caught"


@each_mutant
def test_it_is_caught_at_the_smallest_bounds(mutant, bounds):
    for less in smaller(bounds):
        assert explore(mutant(less)).holds, less


@pytest.mark.parametrize("bounds", sorted({*MUTANTS.values(), *MORE}), ids=str)
def test_the_protocol_holds_at_those_bounds(bounds):
    verdict = explore(Model(bounds))

    assert verdict.holds, "\n".join(verdict.trace)


def test_loads_without_a_lease_may_be_shared_before_they_begin():
    verdict = explore(mutants.Direct(Bounds(writers=2, readers=(4,))))

    assert verdict.holds, "\n".join(verdict.trace)


def test_the_memory_of_a_process_is_not_linearizable():
    """Say what it costs: never older than acknowledged, but than what others read."""
    bounds = Bounds(readers=(2, 1), has_memory=True)

    assert explore(Model(bounds)).holds
    assert not explore(Model(bounds._replace(property="L"))).holds


def test_every_mutant_is_tried_and_says_what_it_does_wrong():
    made = {
        mutant
        for _, mutant in inspect.getmembers(mutants, inspect.isclass)
        if issubclass(mutant, Model)
    }

    bases = {Model, mutants.Alone, mutants.Pointer, mutants.Direct}
    assert made - bases == set(MUTANTS)
    assert all(mutant.__doc__ for mutant in made)


def test_every_step_names_code_that_exists():
    folder = Path(kwip.__file__).parent
    defined = set()
    for path in folder.rglob("*.py"):
        for part in ast.walk(ast.parse(path.read_text())):
            if isinstance(part, ast.ClassDef):
                for member in part.body:
                    name = getattr(member, "name", getattr(member, "target", None))
                    defined.add(f"{part.name}.{getattr(name, 'id', name)}")
    scripts = {path.name for path in folder.rglob("*.lua")}
    texts = [inspect.getsource(Model), inspect.getsource(mutants.Direct)]
    named = set(re.findall(r"`([A-Z]\w+\.\w+|\w+\.lua)`", "\n".join(texts)))

    assert len(named) > 10
    assert named <= defined | scripts
