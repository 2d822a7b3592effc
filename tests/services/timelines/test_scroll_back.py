"""A home is read to its beginning and back, and every post is met once.

`make scroll-back` does it with 50,000 posts and says how long it took.
"""

from __future__ import annotations

import os
import time

import pytest

from kwip.domain.accounts.users import User
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import PostId, UserId, first_id_at
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.timelines import TRIM_TO
from kwip.store.delivery.outbox import pending
from kwip.store.posting.post_documents import to_document
from kwip.store.timelines.buckets import home_of

POSTS = int(os.environ.get("SCROLL_BACK", "3000"))
FOLLOWEES = 30


def post(number, author_id, start_ms, **fields):
    post_id = PostId(first_id_at(start_ms + number))
    return Post(
        id=post_id,
        author_id=author_id,
        text=f"Kwip {number}",
        visibility=Visibility.PUBLIC,
        created_at=at(start_ms + number),
        root_id=post_id,
        **fields,
    )


def delivered(one, now):
    fanout = pending(now, now) | {"state": "done", "mode": "push"}
    return to_document(one, f"n{one.id}", fanout)


@pytest.fixture
def world(kwip, new_user, mongodb):
    """Return a reader with a long home, and what it shows, newest first.

    One in 50 is by somebody who is muted, one in 70 was deleted.
    """
    reader, muted = new_user("reader"), UserId(1)
    friends = [UserId(n) for n in range(1, FOLLOWEES + 1)]
    kwip.stores.users.create_many(
        [User(id=i, username=f"f{i}", display_name="") for i in friends]
    )
    now = system_clock_ms()
    kwip.edges.load_edges([(reader.id, friend) for friend in friends], at(now))
    kwip.services.relationships.mute(reader, muted)
    made, shown = [], []
    for n in range(POSTS):
        is_gone = n % 70 == 3
        author = muted if n % 50 == 0 else friends[1 + n % (FOLLOWEES - 1)]
        one = post(n, author, now - POSTS, is_tombstone=is_gone)
        made.append(delivered(one, at(now)) | {"is_tombstone": is_gone})
        if author != muted and not is_gone:
            shown.append(one.id)
    mongodb["posts"].insert_many(made)
    assert kwip.services.home_backfill.rebuild(reader.id)
    return reader, shown[::-1]


def read(kwip, reader, page):
    return kwip.services.timelines.home(reader, kwip.services.loaders.begin(), page)


def test_every_post_of_home_is_met_once_in_both_directions(kwip, world):
    reader, shown = world
    stored = kwip.stores.timelines.stored(home_of(reader.id))
    assert len(stored.ids) == TRIM_TO
    began = time.monotonic()
    down, max_id, pages = [], None, 0
    while True:
        page = read(kwip, reader, PageRequest(limit=40, max_id=max_id))
        down += [view.post.id for view in page.items]
        max_id, pages = page.next_max_id, pages + 1
        if max_id is None:
            break
    turned = time.monotonic()
    up, min_id = [], 0
    while True:
        page = read(kwip, reader, PageRequest(limit=40, min_id=min_id))
        if not page.items:
            break
        up += [view.post.id for view in reversed(page.items)]
        min_id = page.prev_min_id
    print(  # noqa: T201 -- the figure that `make scroll-back` shows
        f"{len(down)} posts in {pages} pages: {turned - began:.1f} s down, "
        f"{time.monotonic() - turned:.1f} s back"
    )

    assert down == shown
    assert up == shown[::-1]
