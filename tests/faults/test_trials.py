"""What makes `make faults` fail: a fault that did not happen, or what was found."""

from __future__ import annotations

import pytest

from tests.faults.cluster.trials import FAULTS, LOSE, NONE, TRIALS, Trial

WHOLE, CONTROL = Trial(LOSE), Trial(LOSE, "the key", "doubled")


def row(proof=1, **wrong):
    return {"proof": {"replies lost": proof}, "wrong": wrong}


def test_a_fault_is_as_expected_when_it_happened_and_nothing_was_wrong():
    assert WHOLE.is_as_expected(row())


@pytest.mark.parametrize("found", [row(proof=0), row(lost=1), row(seen=1)])
def test_a_fault_that_did_not_happen_or_did_harm_fails(found):
    assert not WHOLE.is_as_expected(found)


def test_a_control_fails_unless_it_finds_what_it_must():
    assert CONTROL.is_as_expected(row(doubled=1))
    assert not CONTROL.is_as_expected(row())
    assert not CONTROL.is_as_expected(row(lost=1))


def test_every_fault_is_held_against_whole_programs_and_once():
    names = [trial.name for trial in TRIALS]

    assert len(names) == len(set(names))
    assert set(FAULTS) <= set(names)
    assert Trial(NONE).is_as_expected({"proof": {"faults": 0}, "wrong": {}})
