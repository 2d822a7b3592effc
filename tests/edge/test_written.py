"""Statuses joined from written parts are what the schema dumps, whatever the views."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kwip.domain.accounts.users import User
from kwip.domain.memo import Decoded
from kwip.domain.posting.polls import Option, Poll
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.text import Hashtag, Mention
from kwip.domain.timelines.views import PostView
from kwip.schemas.posting import posts
from kwip.schemas.posting.posts import DeletedStatusSchema, StatusSchema
from kwip.schemas.urls import Urls
from tests.hostile import HOSTILE

URLS = Urls("https://kwip.example")
IDS = some.integers(1, 5)
TIMES = some.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=dt.UTC)
)
# No text that is stored has half a character.
TEXTS = HOSTILE.map(lambda text: text.encode(errors="ignore").decode())
USERS = some.builds(
    User,
    id=IDS,
    username=some.sampled_from(["alice", "bob"]),
    display_name=TEXTS,
    pinned_ids=some.lists(IDS, max_size=2).map(tuple),
    followers_count=IDS,
)
POLLS = some.builds(
    Poll,
    options=some.lists(some.builds(Option, TEXTS, IDS), max_size=2).map(tuple),
    expires_at=TIMES,
    is_multiple=some.booleans(),
    hides_totals=some.booleans(),
)
POSTS = some.builds(
    Post,
    id=IDS,
    author_id=IDS,
    root_id=IDS,
    text=TEXTS,
    visibility=some.sampled_from(Visibility),
    created_at=TIMES,
    mentions=some.just((Mention(0, 1, 3, "bob"),)) | some.just(()),
    hashtags=some.just((Hashtag(0, 1, "fox"),)) | some.just(()),
    warning=TEXTS,
    is_sensitive=some.booleans(),
    in_reply_to_id=some.none() | IDS,
    in_reply_to_author_id=some.none() | IDS,
    language=some.none() | some.just("de"),
    edited_at=some.none() | TIMES,
    poll=some.none() | POLLS,
    favourites_count=IDS,
)
FLAGS = {
    name: some.booleans()
    for name in ("is_favourited", "is_bookmarked", "is_reposted", "is_poll_over")
} | {"own_votes": some.lists(IDS).map(tuple)}
VIEWS = some.builds(
    PostView,
    post=POSTS,
    author=USERS,
    reposted=some.none() | some.builds(PostView, post=POSTS, author=USERS, **FLAGS),
    **FLAGS,
)


def check(schema, views):
    expected = schema.dump(views, many=True)
    written = schema.write(views)
    assert written == json.dumps(expected, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("schema_class", [StatusSchema, DeletedStatusSchema])
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_what_is_joined_is_what_is_dumped(schema_class, is_signed_in):
    schema = schema_class(URLS, is_signed_in=is_signed_in)  # one, so that it remembers

    @settings(max_examples=60, deadline=None)
    @given(some.lists(VIEWS, max_size=3))
    def all_views(views):
        check(schema, views)
        check(schema, [replace(view, is_favourited=True) for view in views])

    all_views()


def test_only_so_many_are_remembered(monkeypatch):
    monkeypatch.setattr(posts, "WRITTEN_BYTES", 12_000)  # 3 kB each
    schema = StatusSchema(URLS, is_signed_in=True)
    one = PostView(
        post=Post(
            id=1,
            author_id=2,
            root_id=1,
            text="x",
            visibility=Visibility.PUBLIC,
            created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        ),
        author=User(id=2, username="bob", display_name=""),
    )
    views = [replace(one, post=replace(one.post, id=number)) for number in range(9)]

    check(schema, views)
    assert len(schema._written._values) == 3
    check(schema, views)


def test_equal_bytes_give_one_value_until_they_are_forgotten():
    decode = Decoded(lambda raw: [raw], most_bytes=6)
    first = decode(b"aaa")

    assert decode(b"a" * 3) is first
    decode(b"bbb")
    assert decode(b"aaa") is first
    decode(b"ccc")
    assert decode(b"aaa") is not first, "the oldest went"
    assert decode(b"x" * 9) == [b"x" * 9], "what is too large is decoded each time"


def test_a_loaded_value_is_the_one_that_its_bytes_gave_before():
    decode = Decoded(lambda raw: [raw], most_bytes=6)
    loaded = [b"aaa"]

    assert decode.same(b"aaa", loaded) is loaded
    assert decode(b"aaa") is loaded
    assert decode.same(b"aaa", [b"aaa"]) is loaded
