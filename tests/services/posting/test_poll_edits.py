from __future__ import annotations

import contextlib
import threading
from dataclasses import replace

import pytest

from kwip.domain.errors import ConflictError, InvalidError
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Edit
from kwip.text.terms import text_of

ASKED = NewPoll(titles=("Rye", "Wheat", "Oats"), duration_s=3_600)
SAME = replace(ASKED, duration_s=None)


@pytest.fixture
def vote(kwip):
    return kwip.services.polls.vote


@pytest.fixture
def asked(kwip, alice):
    draft = Draft(text="Which?", poll=ASKED)
    return kwip.services.posts.publish(alice.id, draft).id


@pytest.fixture
def edit(kwip, alice, asked):
    """Return a function that edits the kwip, and returns its view."""

    def edit(text="Which?", **changes):
        change = Edit(text=text, **changes)
        return kwip.services.posts.edit(alice, asked, change)

    return edit


def ask_anew(edit, poll):
    return edit(poll=poll, keeps_poll=False)


def votes(view):
    return [option.votes for option in view.post.poll.options], view.post.poll.voters


@pytest.mark.parametrize(
    ("poll", "counted"),
    [
        (SAME, ([0, 1, 0], 1)),
        (replace(ASKED, duration_s=7_200), ([0, 1, 0], 1)),
        (replace(SAME, hides_totals=True), ([0, 1, 0], 1)),
        (replace(SAME, titles=("Rye", "Wheat", "Spelt")), ([0, 0, 0], 0)),
        (replace(SAME, titles=("Wheat", "Rye", "Oats")), ([0, 0, 0], 0)),
        (replace(SAME, is_multiple=True), ([0, 0, 0], 0)),
    ],
)
def test_only_another_question_discards_the_votes(
    kwip, edit, vote, asked, bob, poll, counted
):
    vote(bob, asked, [1])
    edited = ask_anew(edit, poll)
    read = kwip.services.posts.get(bob, kwip.services.loaders.begin(), asked)

    assert votes(edited) == votes(read) == counted
    assert read.own_votes == ((1,) if counted[1] else ())
    if not counted[1]:
        assert votes(vote(bob, asked, [0])) == ([1, 0, 0], 1)


def test_an_edit_of_the_text_leaves_the_poll_as_it_is(edit, vote, asked, bob):
    before = vote(bob, asked, [2]).post.poll
    edited = edit("Which one?").post

    assert (edited.text, edited.poll) == ("Which one?", before)


def test_a_poll_is_added_removed_and_asked_again_without_old_votes(
    kwip, edit, vote, asked, bob
):
    vote(bob, asked, [1])
    removed = ask_anew(edit, None).post
    assert removed.poll is None
    assert "has:poll" not in text_of(removed).terms
    with pytest.raises(InvalidError) as refused:
        ask_anew(edit, SAME)
    assert "how long" in refused.value.fields["poll"]
    again = ask_anew(edit, ASKED)
    read = kwip.services.posts.get(bob, kwip.services.loaders.begin(), asked)

    assert votes(again) == ([0, 0, 0], 0)
    assert not read.has_voted
    assert "oats" in text_of(again.post).terms
    assert votes(vote(bob, asked, [0])) == ([1, 0, 0], 1)


def test_what_cannot_be_asked_changes_nothing(kwip, edit, vote, asked, bob):
    before = vote(bob, asked, [1]).post
    for wrong in (
        replace(SAME, titles=("Rye",)),
        replace(SAME, titles=("Rye", "Rye")),
        replace(ASKED, duration_s=-60),
    ):
        with pytest.raises(InvalidError) as refused:
            ask_anew(edit, wrong)

        assert list(refused.value.fields) == ["poll"]
        assert kwip.stores.posts.get_many([asked])[asked] == before


def test_the_history_has_the_options_of_each_version(kwip, edit, asked):
    ask_anew(edit, replace(SAME, titles=("Spelt", "Einkorn")))
    ask_anew(edit, None)
    loader = kwip.services.loaders.begin()
    history = kwip.services.posts.history(None, loader, asked)

    titles = [revision.poll_titles for revision in history.revisions]
    assert titles == [("Rye", "Wheat", "Oats"), ("Spelt", "Einkorn")]


def test_a_moved_end_is_due_again_and_an_unchanged_one_is_not(
    kwip, edit, asked, mongodb
):
    def due():
        return mongodb["posts"].find_one({"_id": asked}).get("poll_due_at")

    mongodb["posts"].update_one({"_id": asked}, {"$unset": {"poll_due_at": 1}})
    ask_anew(edit, replace(SAME, hides_totals=True))
    assert due() is None
    moved = ask_anew(edit, replace(ASKED, duration_s=600)).post.poll
    assert due() == moved.expires_at
    ask_anew(edit, None)

    assert due() is None


def test_votes_during_an_edit_are_counted_or_refused(kwip, edit, vote, bob, asked):
    edits = [replace(SAME, titles=(f"Rye {n}", "Wheat", "Oats")) for n in range(5)]
    begun, counted = threading.Barrier(2), {}

    def change():
        begun.wait()
        for poll in edits:
            ask_anew(edit, poll)

    editor = threading.Thread(target=change)
    editor.start()
    begun.wait()
    for n in range(12):
        voter = replace(bob, id=bob.id + n)
        with contextlib.suppress(ConflictError):
            counted[voter.id] = vote(voter, asked, [1]).post.poll.round
    editor.join()
    last = replace(bob, id=bob.id + 12)
    counted[last.id] = vote(last, asked, [1]).post.poll.round
    poll = kwip.stores.posts.get_many([asked])[asked].poll
    ballots = kwip.store.database["reactions"].find({"act": "vote"})
    present = [d for d in ballots if poll.choices(d["ballot"])]

    assert poll.titles == edits[-1].titles
    assert last.id in {d["user_id"] for d in present}
    assert poll.voters == poll.options[1].votes == len(present)
    assert all(counted.get(d["user_id"]) == poll.round for d in present)
