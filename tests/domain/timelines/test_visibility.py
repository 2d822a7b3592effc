from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.social.relationships import Relations
from kwip.domain.text import Mention
from kwip.domain.timelines.visibility import may_see, reply_visibility

AUTHOR, VIEWER = 1, 2
FOLLOWS = {"follows": frozenset({AUTHOR})}
BLOCKS = {"blocks": frozenset({AUTHOR})}
BLOCKED = {"blocked_by": frozenset({AUTHOR})}
MUTES = {"mutes": frozenset({AUTHOR})}


def post(visibility, *, names_viewer=False, is_tombstone=False):
    mentions = (Mention(0, 2, VIEWER, "v"),) if names_viewer else ()
    return Post(
        id=9,
        author_id=AUTHOR,
        text="@v hello",
        visibility=Visibility(visibility),
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        mentions=mentions,
        root_id=9,
        is_tombstone=is_tombstone,
    )


# Who looks; named in the post or not; and whether they see it when it is public,
# unlisted, for followers, direct.
MATRIX = [
    ("nobody signed in", None, {}, False, "yynn"),
    ("nobody signed in, somebody named", None, {}, True, "yynn"),
    ("the author", AUTHOR, {}, False, "yyyy"),
    ("a stranger", VIEWER, {}, False, "yynn"),
    ("somebody named", VIEWER, {}, True, "yyyy"),
    ("a follower", VIEWER, FOLLOWS, False, "yyyn"),
    ("a follower, named", VIEWER, FOLLOWS, True, "yyyy"),
    ("somebody who mutes", VIEWER, MUTES, False, "yynn"),
    ("a follower who mutes", VIEWER, FOLLOWS | MUTES, False, "yyyn"),
    ("somebody who blocks", VIEWER, BLOCKS, True, "nnnn"),
    ("somebody blocked", VIEWER, BLOCKED, True, "nnnn"),
    ("a follower who blocks, named", VIEWER, FOLLOWS | BLOCKS, True, "nnnn"),
    ("a follower blocked, named", VIEWER, FOLLOWS | BLOCKED, True, "nnnn"),
]


@pytest.mark.parametrize(
    ("who", "viewer_id", "relations", "is_named", "sees"), MATRIX, ids=str
)
def test_who_sees_a_post(who, viewer_id, relations, is_named, sees):
    known = Relations(**relations)
    seen = [
        may_see(viewer_id, known, post(visibility, names_viewer=is_named))
        for visibility in ("public", "unlisted", "followers", "direct")
    ]

    assert seen == [letter == "y" for letter in sees], who


@pytest.mark.parametrize("viewer_id", [None, AUTHOR, VIEWER])
@pytest.mark.parametrize("visibility", list(Visibility))
def test_nobody_sees_a_tombstone(viewer_id, visibility):
    gone = post(visibility, names_viewer=True, is_tombstone=True)

    assert not may_see(viewer_id, Relations(**FOLLOWS), gone)


@pytest.mark.parametrize(
    ("parent", "asked", "given"),
    [
        ("public", "public", "public"),
        ("public", "direct", "direct"),
        ("unlisted", "public", "unlisted"),
        ("followers", "public", "followers"),
        ("followers", "direct", "direct"),
        ("direct", "public", "direct"),
    ],
)
def test_a_reply_reaches_no_more_people_than_what_it_answers(parent, asked, given):
    narrowed = reply_visibility(Visibility(parent), Visibility(asked))

    assert narrowed is Visibility(given)
