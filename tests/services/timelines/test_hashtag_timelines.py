"""Timelines of several hashtags at once."""

from __future__ import annotations

import pytest

from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.tags import TagFilter

TEXTS = ["#a", "#b", "#a #b", "#a #c", "#b #c", "#a #b #c", "#c"]


@pytest.fixture
def read(kwip, new_user):
    """Return a function that reads a whole timeline, page by page, newest first."""
    author = new_user("author")
    for text in TEXTS:
        kwip.services.posts.publish(author.id, Draft(text=text))

    def read(wanted, limit):
        texts, max_id = [], None
        while True:
            page = kwip.services.hashtag_timelines.page(
                None,
                kwip.services.loaders.begin(),
                wanted,
                PageRequest(limit=limit, max_id=max_id),
            )
            texts += [view.post.text for view in page.items]
            max_id = page.next_max_id
            if max_id is None:
                return texts

    return read


@pytest.mark.parametrize("is_hidden_by_thousands", [False, True])
@pytest.mark.parametrize(
    ("any_of", "all_of", "none_of"),
    [("a", "", ""), ("ab", "", ""), ("a", "bc", ""), ("ab", "", "c"), ("ac", "b", "c")],
)
def test_each_mode_counts_on_every_page(
    read, any_of, all_of, none_of, is_hidden_by_thousands, monkeypatch
):
    if is_hidden_by_thousands:
        monkeypatch.setattr(
            "kwip.services.timelines.walk.Walk.__init__.__defaults__", (1,)
        )
    shown = [
        text
        for text in TEXTS[::-1]
        if any(f"#{t}" in text for t in any_of)
        and all(f"#{t}" in text for t in all_of)
        and not any(f"#{t}" in text for t in none_of)
    ]
    wanted = TagFilter(tuple(any_of), tuple(all_of), tuple(none_of))

    for limit in (1, 40):
        assert read(wanted, limit) == shown
