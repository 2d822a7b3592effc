from __future__ import annotations

import pytest

from kwip.domain.timelines.pages import PageRequest


@pytest.fixture
def crowd(kwip, new_user):
    """Return a viewer and seven others, whom the viewer follows and who follow back."""
    viewer, *others = (new_user(name) for name in "abcdefgh")
    for other in others:
        kwip.services.relationships.follow(viewer, other.id)
        kwip.services.relationships.follow(other, viewer.id)
    return viewer, others


def listed(kwip, viewer, method, *args, **page):
    loader = kwip.services.loaders.begin()
    read = getattr(kwip.services.people, method)
    return read(viewer, loader, *args, PageRequest(**page))


@pytest.mark.parametrize("method", ["followers", "following"])
def test_a_list_of_people_is_read_to_its_end_and_back(kwip, crowd, method):
    viewer, others = crowd
    expected = sorted((other.id for other in others), reverse=True)
    pages, max_id = [], None
    while True:
        page = listed(kwip, None, method, viewer.id, limit=3, max_id=max_id)
        pages.append([view.user.id for view in page.items])
        max_id = page.next_max_id
        if max_id is None:
            break

    assert [i for page in pages for i in page] == expected
    back = listed(kwip, None, method, viewer.id, limit=3, min_id=pages[1][0])
    assert [view.user.id for view in back.items] == expected[:3]


def test_who_blocks_the_viewer_is_in_no_list(kwip, crowd):
    viewer, (first, second, *_) = crowd
    kwip.services.relationships.block(first, viewer.id)
    page = listed(kwip, viewer, "followers", second.id)

    assert [view.user.id for view in page.items] == [viewer.id]
    assert page.items[0].is_own
    assert first.id not in [
        v.user.id for v in listed(kwip, viewer, "followers", viewer.id).items
    ]


def test_whom_the_viewer_blocks_is_in_no_list_either(kwip, crowd):
    viewer, (first, second, *_) = crowd
    kwip.services.relationships.follow(first, second.id)
    kwip.services.relationships.block(viewer, first.id)
    page = listed(kwip, viewer, "followers", second.id)

    assert [view.user.id for view in page.items] == [viewer.id]


def test_the_muted_and_the_blocked_are_listed_for_oneself(kwip, crowd):
    viewer, (first, second, *_) = crowd
    kwip.services.relationships.mute(viewer, first.id)
    kwip.services.relationships.block(viewer, second.id)

    muted, blocked = (listed(kwip, viewer, name) for name in ("muted", "blocked"))
    assert [v.user.id for v in muted.items] == [first.id]
    assert [v.user.id for v in blocked.items] == [second.id]
    assert blocked.items[0].relationship.is_blocking


def test_a_follow_and_an_unfollow_are_in_the_list_at_once(kwip, crowd, new_user):
    viewer, others = crowd
    late = new_user("late")
    assert len(listed(kwip, None, "followers", viewer.id).items) == len(others)

    kwip.services.relationships.follow(late, viewer.id)
    assert late.id in {
        v.user.id for v in listed(kwip, None, "followers", viewer.id).items
    }
    kwip.services.relationships.unfollow(late, viewer.id)
    assert late.id not in {
        v.user.id for v in listed(kwip, None, "followers", viewer.id).items
    }
