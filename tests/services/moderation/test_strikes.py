"""Appeals: once, in time, and what follows from them."""

from __future__ import annotations

import pytest

from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.moderation.strikes import APPEAL_WITHIN, Act, AppealState, Decision


@pytest.fixture
def strikes(kwip):
    return kwip.services.strikes


@pytest.fixture
def strike(kwip, mod, order, report):
    asked = Decision(act=Act.SILENCE, text="Read rule 1.")
    return kwip.services.decisions.act(mod, order(), report.id, asked)


def is_silenced(kwip, viewer):
    return kwip.stores.users.get_many([viewer.id])[viewer.id].is_silenced


@pytest.mark.parametrize("approves", [True, False])
def test_an_appeal_is_answered_once(kwip, strikes, mod, order, bob, strike, approves):
    strikes.appeal(bob.id, strike.id, "It was only bread.")
    with pytest.raises(ConflictError):
        strikes.appeal(bob.id, strike.id, "It was only bread!")
    [waiting] = strikes.appealed()
    strikes.decide(mod, order("We see."), strike.id, approves=approves)
    with pytest.raises(ConflictError):
        strikes.decide(mod, order(), strike.id, approves=not approves)

    assert waiting.strike.appeal.text == "It was only bread."
    assert strikes.appealed() == []
    assert is_silenced(kwip, bob) is not approves
    [view] = strikes.of_viewer(bob)
    found = AppealState.APPROVED if approves else AppealState.REJECTED
    assert (view.strike.appeal.state, view.strike.appeal.answer) == (found, "We see.")
    kind = "strike_lifted" if approves else "appeal_rejected"
    [mail] = kwip.store.database["mails"].find({"kind": kind})
    assert (mail["user_id"], mail["details"]["text"]) == (bob.id, "We see.")


def test_who_ends_a_silence_approves_the_appeal_against_it(
    kwip, strikes, mod, order, bob, strike
):
    strikes.appeal(bob.id, strike.id, "It was only bread.")
    kwip.services.limits.lift(mod, order(), bob.id, Act.SILENCE)

    [view] = strikes.of_viewer(bob)
    assert (view.strike.is_in_force, is_silenced(kwip, bob)) == (False, False)
    assert view.strike.appeal.state is AppealState.APPROVED
    assert strikes.appealed() == []


def test_nobody_appeals_too_late_for_others_or_without_words(
    kwip, strikes, alice, bob, strike
):
    with pytest.raises(InvalidError):
        strikes.appeal(bob.id, strike.id, "  ")
    with pytest.raises(NotFoundError):
        strikes.appeal(alice.id, strike.id, "Let him.")
    kwip.store.database["strikes"].update_one(
        {"_id": strike.id}, {"$set": {"created_at": strike.created_at - APPEAL_WITHIN}}
    )
    with pytest.raises(ConflictError):
        strikes.appeal(bob.id, strike.id, "It was only bread.")

    assert strikes.appealed() == []
