"""Conversations in reading order."""

from __future__ import annotations

import pytest

from kwip.domain.timelines.threads import Conversation, Threaded

#: 1 is answered by 2, 4 and 7; 2 by 3 and 6; 3 by 5; the parent of 9 is not known.
PARENTS = {1: 0, 2: 1, 3: 2, 4: 1, 5: 3, 6: 2, 7: 1, 9: 8}


@pytest.fixture
def conversation():
    return Conversation(Threaded(i, 10 + i, above) for i, above in PARENTS.items())


def test_each_reply_is_followed_by_its_own_the_oldest_first(conversation):
    below = [(one.post_id, depth) for one, depth in conversation.below(1)]

    assert below == [(2, 1), (3, 2), (5, 3), (6, 2), (4, 1), (7, 1)]
    assert [one.post_id for one, _ in conversation.below(2)] == [3, 5, 6]
    assert list(conversation.below(7)) == []


def test_from_a_post_one_goes_up_to_the_beginning(conversation):
    def above(parent_id):
        return [one.post_id for one in conversation.above(parent_id)]

    assert above(3) == [3, 2, 1]
    assert above(None) == []
    assert above(8) == []


def test_an_entry_names_whom_a_post_answers_if_that_is_known(conversation):
    entries = {
        one.post_id: conversation.entry(one) for one in conversation.above(5)
    } | {9: conversation.entry(Threaded(9, 19, 8))}

    addressees = {i: entry.reply_to_author_id for i, entry in entries.items()}
    assert addressees == {5: 13, 3: 12, 2: 11, 1: 0, 9: 0}
