from __future__ import annotations

import pytest

from kwip.domain.accounts.users import User
from kwip.domain.clock import at
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.social.relationships import NO_RELATIONS, Relations
from kwip.domain.text import Mention
from kwip.domain.timelines.notifications import (
    Notification,
    NotificationKind,
    NotificationSlice,
    NotificationView,
    Selection,
    Unread,
    addressed,
    grouped,
    is_for_subscribers,
    of_post,
    recipients_who_must_follow,
)
from kwip.domain.timelines.views import PostView

ANN, BOB, CY = 1, 2, 3
REPLY, MENTION, REPOST, QUOTE = (
    NotificationKind.REPLY,
    NotificationKind.MENTION,
    NotificationKind.REPOST,
    NotificationKind.QUOTE,
)


def post(*, named=(), visibility="public", to=None, of=None, quoted=None, post_id=50):
    """Make a post by Ann; `to`, `of` and `quoted` are authors."""
    return Post(
        id=post_id,
        author_id=ANN,
        text="",
        visibility=Visibility(visibility),
        created_at=at(0),
        mentions=tuple(Mention(0, 1, i, f"u{i}") for i in named),
        in_reply_to_id=40 if to else None,
        in_reply_to_author_id=to,
        root_id=40 if to else post_id,
        repost_of_id=30 if of else None,
        repost_of_author_id=of,
        quote_of_id=20 if quoted else None,
        quote_of_author_id=quoted,
    )


def user(number):
    return User(id=number, username=f"u{number}", display_name="")


def view(number, kind, actor=BOB, about=None, *, is_new=False):
    shown = None
    if about is not None:
        shown = PostView(post=post(post_id=about), author=user(ANN))
    return NotificationView(
        id=number,
        kind=NotificationKind(kind),
        actor=user(actor),
        post=shown,
        is_new=is_new,
    )


def groups_of(*views):
    return [[v.id for v in group.views] for group in grouped(views)]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (post(), {}),
        (post(named=[BOB, CY, ANN]), {BOB: MENTION, CY: MENTION}),
        (post(to=BOB), {BOB: REPLY}),
        (post(to=BOB, named=[BOB, CY]), {BOB: REPLY, CY: MENTION}),
        (post(to=ANN, named=[CY]), {CY: MENTION}),
        (post(of=BOB), {BOB: REPOST}),
        (post(of=ANN), {}),
        (post(to=BOB, visibility="followers"), {BOB: REPLY}),
        (post(to=BOB, visibility="direct"), {}),
        (post(to=BOB, named=[BOB], visibility="direct"), {BOB: REPLY}),
        (post(to=BOB, named=[CY], visibility="direct"), {CY: MENTION}),
        (post(quoted=BOB, named=[BOB, CY]), {BOB: QUOTE, CY: MENTION}),
        (post(quoted=BOB, to=BOB), {BOB: REPLY}),
        (post(quoted=BOB, of=CY), {CY: REPOST}),
        (post(quoted=BOB, visibility="direct"), {}),
    ],
)
def test_a_post_speaks_to_whom_it_answers_before_whom_it_names(made, told):
    assert addressed(made) == told


@pytest.mark.parametrize(
    ("made", "who"),
    [
        (post(to=BOB), set()),
        (post(to=BOB, visibility="followers"), {BOB}),
        (post(to=BOB, named=[BOB], visibility="followers"), set()),
        (post(named=[BOB], visibility="followers"), set()),
        (post(to=BOB, quoted=CY, visibility="followers"), {BOB, CY}),
    ],
)
def test_only_whom_a_post_for_followers_answers_or_quotes_has_to_follow(made, who):
    assert recipients_who_must_follow(made) == who


@pytest.mark.parametrize(
    ("made", "is_told"),
    [
        (post(), True),
        (post(visibility="unlisted"), True),
        (post(visibility="followers"), True),
        (post(visibility="direct"), False),
        (post(of=BOB), False),
        (post(to=BOB), False),
        (post(to=ANN), True),
    ],
)
def test_who_asked_is_told_of_what_an_author_says_to_everybody(made, is_told):
    assert is_for_subscribers(made) == is_told


def test_a_post_has_one_name_for_a_recipient_whatever_it_is_to_them():
    kinds = (REPLY, MENTION, NotificationKind.POST)

    assert {of_post(post(), BOB, kind, seq=60).name for kind in kinds} == {"2:post:50"}
    assert of_post(post(of=BOB), BOB, REPOST, seq=60).name == "2:repost:30:50"


def test_an_act_has_a_name_of_its_own():
    told = {"recipient_id": BOB, "actor_id": CY, "seq": 9}
    follow = Notification(kind=NotificationKind.FOLLOW, **told)
    favourite = Notification(kind=NotificationKind.FAVOURITE, post_id=50, **told)

    assert (follow.name, favourite.name) == ("2:follow:3", "2:favourite:50:3")


def test_each_choice_and_each_place_is_a_view_of_its_own():
    slices = [
        NotificationSlice(ANN, wanted, cursor, is_upwards=is_upwards)
        for wanted in (
            Selection(),
            Selection(frozenset({REPLY})),
            Selection(actor_id=BOB),
        )
        for cursor in (5, 6)
        for is_upwards in (False, True)
    ]

    assert len({each.variant for each in slices}) == len(slices)


def test_unread_counts_neither_the_muted_nor_the_blocked():
    unread = Unread(0, (BOB, CY, CY, 4))

    assert unread.count(NO_RELATIONS) == 4
    assert unread.count(Relations(mutes=frozenset({CY}))) == 2
    assert unread.count(Relations(blocked_by=frozenset({BOB}))) == 3


def test_favourites_of_one_post_are_told_together_at_the_place_of_the_newest():
    views = (
        view(9, "favourite", BOB, about=50),
        view(8, "mention", BOB, about=60),
        view(7, "favourite", CY, about=51),
        view(6, "favourite", CY, about=50),
        view(5, "repost", CY, about=50),
    )

    assert groups_of(*views) == [[9, 6], [8], [7], [5]]


def test_follows_are_told_together_where_nothing_stands_between():
    views = (
        view(9, "follow", BOB),
        view(8, "follow", CY),
        view(7, "mention", BOB, about=60),
        view(6, "follow", 4),
        view(5, "follow", 5),
    )

    assert groups_of(*views) == [[9, 8], [7], [6, 5]]


def test_what_is_new_is_not_mixed_with_what_was_seen():
    views = (
        view(9, "favourite", BOB, about=50, is_new=True),
        view(8, "follow", BOB, is_new=True),
        view(7, "follow", CY),
        view(6, "favourite", CY, about=50),
    )

    assert groups_of(*views) == [[9], [8], [7], [6]]


def test_a_group_names_everybody_once_the_latest_first():
    (group,) = grouped(
        view(9 - n, "follow", actor) for n, actor in enumerate((3, 2, 3))
    )

    assert [actor.id for actor in group.actors] == [3, 2]
    assert group.newest.id == 9
