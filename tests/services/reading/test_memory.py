"""What a process remembers takes the memory that its limits name, and no more."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from kwip.domain.accounts.users import ProfileField, User
from kwip.domain.ids import UserId
from kwip.domain.memo import Remembered
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.social.relationships import Relations
from kwip.domain.text import Hashtag, Link, Mention
from kwip.domain.timelines.timelines import Chunk, Entry
from kwip.domain.timelines.views import PostView
from kwip.schemas import html
from kwip.schemas.posting.posts import WRITTEN_BYTES, StatusSchema
from kwip.schemas.urls import Urls
from kwip.services.reading import (
    account_entities,
    payloads,
    post_entities,
    slices,
    social_entities,
)
from kwip.services.reading.entities import Entities
from kwip.services.reading.stores import Stores
from kwip.store.client import Store, connect
from tests.weights import taken_by

URLS = Urls("https://kwip.example")
FIRST_ID = 117_000_000_000_000_000
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    """Take away what another test has left: it would take no memory again."""
    monkeypatch.setattr(html, "_posts", Remembered(html.POSTS_BYTES))
    monkeypatch.setattr(html, "_bios", Remembered(html.BIOS_BYTES))


@pytest.fixture
def kinds():
    """Return every kind of entity; nothing is asked of a server."""
    client = connect("mongodb://127.0.0.1:1/?connect=false", timeout_ms=1)
    yield Entities(Stores.over(Store(client, "kwip")))
    client.close()


def fits(taken, limit):
    """Tell whether a limit is kept, and used: half of it would not have done."""
    return limit / 2 < taken < 1.1 * limit


def short_post(number):
    post_id = FIRST_ID + number
    return Post(
        id=post_id,
        author_id=FIRST_ID - number,
        root_id=post_id,
        text=f"Good morning, {number}",
        visibility=Visibility.PUBLIC,
        created_at=NOW,
    )


def long_post(number):
    """Give a post with all that it may have, in letters of four bytes."""
    return replace(
        short_post(number),
        text=f"{number} " + "\N{GRINNING FACE}" * 480,
        warning=f"about {number}",
        links=tuple(Link(i, i + 9, f"https://a.com/{i}/{number}") for i in range(3)),
        mentions=tuple(Mention(i, i + 3, UserId(i), f"bob{i}") for i in range(10)),
        hashtags=tuple(Hashtag(i, i + 3, f"tag{number}x{i}") for i in range(10)),
        in_reply_to_id=FIRST_ID + number - 1,
        in_reply_to_author_id=FIRST_ID - number - 1,
        edited_at=NOW,
    )


def bare_user(number):
    return User(id=UserId(FIRST_ID + number), username=f"n{number}", display_name="")


def full_user(number):
    return replace(
        bare_user(number),
        display_name="\N{GRINNING FACE}" * 60,
        bio=f"{number}" + "\u0416" * 490,
        fields=tuple(ProfileField(f"n{i}", f"{number}" * 20) for i in range(4)),
        pinned_ids=tuple(FIRST_ID + number + i for i in range(5)),
        avatar=f"{number:032x}",
    )


@pytest.mark.parametrize(("make", "many"), [(short_post, 7_000), (long_post, 700)])
def test_remembered_posts_take_what_their_limit_says(kinds, make, many):
    def fill():
        for number in range(many):
            kinds.posts.decode(payloads.encode_post(make(number)))

    limit = post_entities.POSTS_BYTES + slices.ENTRIES_BYTES

    assert fits(taken_by(fill), limit)


@pytest.mark.parametrize(("make", "many"), [(bare_user, 3_000), (full_user, 600)])
def test_remembered_users_take_what_their_limit_says(kinds, make, many):
    def fill():
        for number in range(many):
            kinds.users.decode(payloads.encode_user(make(number)))

    assert fits(taken_by(fill), account_entities.USERS_BYTES)


@pytest.mark.parametrize("follows", [0, 3, 300, 9_000])
def test_remembered_relations_take_what_their_limit_says(kinds, follows):
    def fill():
        for number in range(max(10, 300_000 // (follows + 60))):
            ids = range(FIRST_ID + number, FIRST_ID + number + follows)
            who = frozenset(UserId(i) for i in ids)
            relations = Relations(follows=who, blocked_by=frozenset({UserId(number)}))
            kinds.relations.decode(payloads.encode_relations(relations))

    assert fits(taken_by(fill), social_entities.RELATIONS_BYTES)


def test_remembered_parts_of_all_timelines_take_what_their_limit_says(kinds):
    def fill():
        for number in range(200):
            entries = tuple(
                Entry(FIRST_ID + number + i, FIRST_ID - i, FIRST_ID + 7 * i, number, i)
                for i in range(slices.CHUNK)
            )
            raw = payloads.encode_chunk(Chunk(entries, floor=0, ends=True))
            kind = kinds.homes if number % 2 else kinds.user_timelines
            kind.decode(raw)

    assert fits(taken_by(fill), slices.CHUNKS_BYTES)


@pytest.mark.parametrize(("make", "many"), [(short_post, 1_000), (long_post, 300)])
def test_written_statuses_take_what_their_limit_says(make, many):
    schema = StatusSchema(URLS, is_signed_in=True)
    author = full_user(1)

    def fill():
        for number in range(many):
            post = payloads.decode_post(payloads.encode_post(make(number)))
            schema.write([PostView(post=post, author=author)])

    limit = WRITTEN_BYTES + html.POSTS_BYTES

    assert fits(taken_by(fill), limit)


@pytest.mark.parametrize(("make", "many"), [(short_post, 1_800), (long_post, 200)])
def test_the_html_of_posts_takes_what_its_limit_says(make, many):
    def fill():
        for number in range(many):
            post = payloads.decode_post(payloads.encode_post(make(number)))
            html.post_html(post, URLS)

    assert fits(taken_by(fill), html.POSTS_BYTES)


@pytest.mark.parametrize(("make", "many"), [(bare_user, 1_000), (full_user, 300)])
def test_the_html_of_bios_takes_what_its_limit_says(make, many):
    def fill():
        for number in range(many):
            html.bio_html(make(number).bio or f"I am {number}", URLS)

    assert fits(taken_by(fill), html.BIOS_BYTES)
