"""Whatever people and workers do, everybody sees what the model says.

The suite runs some hundred rules, the same each time; `make machine` draws new ones,
and many more.
"""

from __future__ import annotations

import os
from shutil import rmtree

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.jobs.conftest import LONG_MS, SMALL
from tests.machine.machine import Machine
from tests.machine.mutants import MUTANTS
from tests.machine.world import PEOPLE, World, begin, extra_jobs
from tests.servers import settings_in
from tests.thorough import part

#: Beside what the jobs' tests make small: every border that a read meets. One post is
#: shown once however far apart its reposts are; `services/test_collapse.py` has how
#: far that goes.
SMALL_READS = {
    "kwip.services.reading.slices.CHUNK": 8,
    "kwip.services.reading.slices.TOP": 2,
    "kwip.services.timelines.paging.CHUNK": 8,
    "kwip.services.timelines.sources.CHUNK": 8,
    "kwip.services.timelines.sources.AUTHORS_PER_QUERY": 2,
    "kwip.domain.timelines.collapse.WINDOW": 10_000,
    "kwip.services.timelines.paging.REACH": 9_999,
}
#: Rules of one run; each begins with the same people, follows and posts.
RULES = 12
#: How many runs: some in the suite, always the same ones; `make machine` draws others.
RUNS, DRAWN = 2, int(os.environ.get("MACHINE_RUNS", "0"))
SETTINGS = hypothesis.settings(
    max_examples=DRAWN or RUNS,
    stateful_step_count=RULES,
    derandomize=not DRAWN,
    database=None,
    report_multiple_bugs=False,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def settings(tmp_path):
    """Let whoever is followed by all others be pulled."""
    return settings_in(tmp_path / "home", KWIP_PULL_FOLLOWERS="3")


@pytest.fixture
def chunk():
    return 2


@pytest.fixture
def machine(
    kwip, rings, steps, clock, redis_cache, people, snapshot, settings, monkeypatch
):
    """Return the class of machines on this test's servers, everything small."""
    for target, value in (SMALL | SMALL_READS).items():
        monkeypatch.setattr(target, value)
    rings.jobs |= extra_jobs(kwip)
    viewers = dict(zip(PEOPLE, people(*PEOPLE), strict=True))
    lists, model = begin(kwip, viewers)
    rings.run()
    beginning = snapshot()

    def reset():
        rings.waiting.clear()
        rmtree(settings.media_folder, ignore_errors=True)
        beginning.restore()

    world = World(
        kwip=kwip,
        rings=rings,
        steps=steps,
        clock=clock,
        cache=redis_cache,
        viewers=viewers,
        lists=lists,
        model=model,
        reset=reset,
        long_ms=LONG_MS,
    )
    return type("MachineHere", (Machine,), {"world": world, "ran": 0})


def test_everybody_always_sees_what_the_model_says(machine):
    run_state_machine_as_test(machine, settings=SETTINGS)


def noticed(machine, script, step):
    """Let a machine do something; say whether it then differs from the model."""
    state = machine()
    try:
        script(state, step)
        state.everybody_sees_what_the_model_says()
    except AssertionError:
        return True
    return False


def test_the_machine_notices_each_mutant_in_three_rules(machine, monkeypatch):
    """What a machine does is shown to be harmless without the mutant."""
    for name, mutant in part(MUTANTS.items(), of=8):
        with monkeypatch.context() as patch:
            for target, attribute, instead in mutant.patches:
                patch.setattr(target, attribute, instead)
            steps = (s for s in mutant.steps if noticed(machine, mutant.script, s))
            found = next(steps, None)

        assert found is not None, name
        assert not noticed(machine, mutant.script, found), name
