from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.timelines.collapse import REACH, WINDOW, collapse, suspects
from kwip.domain.timelines.timelines import Entry

ORIGINAL = 7


def post(post_id):
    return Entry(post_id, 1, 0)


def repost(post_id, of_id=ORIGINAL):
    return Entry(post_id, 2, 0, of_id, 1)


def ids(entries):
    return [entry.post_id for entry in entries]


class Everything:
    def __contains__(self, _):
        return True


def test_the_newest_of_a_post_and_its_reposts_stands_alone():
    run = [repost(30), post(29), repost(20), post(ORIGINAL)]

    assert ids(collapse(run, Everything())) == [30, 29]


def test_who_is_40_places_away_stands_again():
    others = [post(1_000 - n) for n in range(WINDOW - 1)]

    assert ids(collapse([repost(2_000), *others, post(ORIGINAL)], Everything())) == [
        2_000,
        *ids(others),
        ORIGINAL,
    ]
    assert ORIGINAL not in ids(
        collapse([repost(2_000), *others[1:], post(ORIGINAL)], Everything())
    )


def test_a_repost_that_is_not_shown_hides_nothing():
    run = [repost(30), post(ORIGINAL)]

    assert ids(collapse(run, {ORIGINAL})) == [ORIGINAL]


ENTRIES = st.lists(st.integers(1, 6), min_size=1, max_size=60).map(
    lambda subjects: [
        repost(1_000 - place, 10 * subject) for place, subject in enumerate(subjects)
    ]
)


@settings(max_examples=60)
@given(ENTRIES, st.integers(0, 60), st.data())
def test_any_part_is_collapsed_by_what_is_close_above_it_alone(run, start, data):
    hidden = data.draw(st.sets(st.sampled_from(ids(run))))
    visible = set(ids(run)) - hidden
    whole = collapse(run, visible)
    below, near = run[start:], run[max(0, start - REACH) : start]
    known = {e.post_id for e in [*below, *suspects(below, near)]} & visible

    part = [e for e in collapse([*near, *below], known) if e in below]

    assert part == [e for e in whole if e in below]
