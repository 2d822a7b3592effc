from __future__ import annotations

from dataclasses import replace

from kwip.domain.clock import at
from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.posting.replies import without_name
from kwip.domain.text import Hashtag, Link, Mention

REPLY = Post(
    id=PostId(9),
    author_id=UserId(1),
    text="@mira  @ida see http://x.org #rye",
    visibility=Visibility.PUBLIC,
    created_at=at(0),
    links=(Link(16, 28, "http://x.org"),),
    mentions=(
        Mention(0, 5, UserId(2), "mira"),
        Mention(7, 11, UserId(3), "ida"),
        Mention(0, 0, UserId(4), "walt"),
    ),
    hashtags=(Hashtag(29, 33, "rye"),),
    in_reply_to_id=PostId(8),
    in_reply_to_author_id=UserId(2),
    root_id=PostId(8),
    source="api",
)


def named(post):
    entities = (*post.links, *post.mentions, *post.hashtags)
    return post.text, [post.text[x.start : x.end] for x in entities]


def test_the_name_that_an_app_begins_a_reply_with_is_not_shown():
    shown = named(without_name(REPLY))

    assert shown == ("@ida see http://x.org #rye", ["http://x.org", "@ida", "#rye"])


def test_other_names_stay():
    for kept in (
        {"source": "web"},
        {"in_reply_to_id": None, "in_reply_to_author_id": None},
        {"in_reply_to_author_id": UserId(3)},
        {"in_reply_to_author_id": UserId(4)},
        {"text": "@mira"},
        {"text": "@mira, no"},
    ):
        post = replace(REPLY, **kept)
        assert without_name(post) is post
