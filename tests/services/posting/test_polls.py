from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kwip.domain.accounts.users import Viewer
from kwip.domain.errors import ConflictError, GoneError, InvalidError, NotFoundError
from kwip.domain.posting.polls import NewPoll, Poll
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.pages import PageRequest
from kwip.services.delivery import poll_ends
from kwip.text.terms import text_of
from tests.wired import Silence

ASKED = NewPoll(titles=("Rye", "Wheat", "Oats"), duration_s=3_600)


@pytest.fixture
def ask(kwip, alice):
    def ask(visibility=Visibility.PUBLIC, **changes):
        draft = Draft(
            text="Which?", visibility=visibility, poll=replace(ASKED, **changes)
        )
        return kwip.services.posts.publish(alice.id, draft)

    return ask


@pytest.fixture
def vote(kwip):
    return kwip.services.polls.vote


@pytest.fixture
def end(kwip):
    """Return a function that ends a poll an hour early."""

    def end(post):
        past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        posts = kwip.store.database["posts"]
        posts.update_one({"_id": post.id}, {"$set": {"poll.expires_at": past}})

    return end


def read(kwip, viewer, post):
    return kwip.services.posts.get(viewer, kwip.services.loaders.begin(), post.id)


def counts(poll):
    return [option.votes for option in poll.options]


def test_a_vote_is_counted_and_the_voters_own(kwip, ask, vote, alice, bob):
    post = ask()
    view = vote(bob, post.id, [1])

    assert (counts(view.post.poll), view.post.poll.voters) == ([0, 1, 0], 1)
    assert view.own_votes == (1,)
    assert view.has_voted
    assert read(kwip, alice, post).own_votes == ()
    assert read(kwip, None, post).own_votes == ()


def test_nobody_votes_twice_or_changes_a_vote(kwip, ask, vote, bob):
    post = ask()
    vote(bob, post.id, [1])
    for choices in ([1], [0]):
        with pytest.raises(InvalidError, match="already voted"):
            vote(bob, post.id, choices)

    assert counts(read(kwip, bob, post).post.poll) == [0, 1, 0]


def test_several_options_are_one_vote_where_that_is_allowed(ask, vote, bob):
    several, one = ask(is_multiple=True), ask()
    poll = vote(bob, several.id, [2, 0, 2]).post.poll

    assert (counts(poll), poll.voters, poll.votes) == ([1, 0, 1], 1, 2)
    with pytest.raises(InvalidError, match="only one"):
        vote(bob, one.id, [0, 1])


def test_fifty_parallel_voters_are_counted_exactly(kwip, ask, vote, bob, mongodb):
    post = ask()
    voters = [Viewer(id=bob.id + n, username=f"n{n}", digest="") for n in range(50)]

    def cast(place):
        try:
            vote(voters[place // 2], post.id, [place // 2 % 3])
        except InvalidError:
            return 0
        return 1

    with ThreadPoolExecutor(50) as threads:  # each of them twice
        counted = sum(threads.map(cast, range(100)))

    poll = kwip.stores.posts.get_many([post.id])[post.id].poll
    assert counted == poll.voters == 50
    assert counts(poll) == [17, 17, 16]
    assert mongodb["reactions"].count_documents({"act": "vote"}) == 50


@pytest.mark.parametrize(
    ("choices", "why"),
    [([], "Choose an option"), ([3], "not exist"), ([-1], "not exist")],
)
def test_a_vote_for_nothing_is_refused(kwip, ask, vote, bob, choices, why):
    post = ask()
    with pytest.raises(InvalidError, match=why):
        vote(bob, post.id, choices)

    assert read(kwip, bob, post).post.poll.voters == 0


def test_authors_cannot_vote_in_their_own_polls(ask, vote, alice):
    with pytest.raises(InvalidError, match="your own poll"):
        vote(alice, ask().id, [0])


def test_after_the_end_nobody_votes_and_totals_are_shown(kwip, ask, vote, end, bob):
    post = ask(hides_totals=True)
    before = vote(bob, post.id, [1])
    end(post)
    late = Viewer(id=bob.id + 1, username="late", digest="")
    with pytest.raises(InvalidError, match="has ended"):
        vote(late, post.id, [0])
    kwip.services.poll_ends.settle(post.id)
    after = read(kwip, bob, post)

    assert not before.shows_votes
    assert after.shows_votes


def test_what_one_may_not_see_one_cannot_vote_in(kwip, ask, vote, alice, bob):
    secret, open_ = ask(Visibility.FOLLOWERS), ask()
    with pytest.raises(NotFoundError):
        vote(bob, secret.id, [0])
    kwip.services.relationships.block(alice, bob.id)
    with pytest.raises(NotFoundError):
        vote(bob, open_.id, [0])


def test_a_deleted_post_has_no_poll(kwip, ask, vote, alice, bob):
    post = ask()
    kwip.services.posts.delete(alice, post.id)

    with pytest.raises(GoneError):
        vote(bob, post.id, [0])
    assert kwip.stores.posts.get_many([post.id])[post.id].poll is None


def test_a_post_without_a_poll_takes_no_votes(kwip, vote, alice, bob):
    post = kwip.services.posts.publish(alice.id, Draft(text="Hello"))

    with pytest.raises(NotFoundError, match="Poll not found"):
        vote(bob, post.id, [0])


def test_a_vote_for_a_poll_that_was_replaced_is_not_counted(
    kwip, ask, vote, bob, mongodb, monkeypatch
):
    post = ask()
    mongodb["posts"].update_one({"_id": post.id}, {"$inc": {"poll.round": 1}})
    monkeypatch.setattr(type(kwip.services.polls.permissions), "post", lambda *_: post)
    with pytest.raises(ConflictError):
        vote(bob, post.id, [0])

    assert mongodb["reactions"].count_documents({}) == 0
    assert read(kwip, bob, post).post.poll.voters == 0


def test_a_poll_is_shown_in_home_without_another_query(kwip, ask, vote, bob):
    kwip.services.relationships.follow(bob, ask().author_id)
    post = ask()
    kwip.services.fanout.deliver(kwip.services.fanout.begin(post.id))
    vote(bob, post.id, [2])
    loader = kwip.services.loaders.begin()
    views = kwip.services.timelines.home(bob, loader, PageRequest()).items

    assert {v.post.id: v.own_votes for v in views}[post.id] == (2,)


def test_polls_that_cannot_be_used_are_refused_by_their_name(kwip, ask, mongodb):
    for changes, why in (
        ({"titles": ("a",)}, "at least 2"),
        ({"titles": ("a", " ")}, "at least 2"),
        ({"titles": ("a", "b", "c", "d", "e")}, "up to 4"),
        ({"titles": ("a", "a ")}, "the same"),
        ({"titles": ("a", "b" * 51)}, "1 too many"),
        ({"duration_s": 299}, "at least 5 minutes"),
        ({"duration_s": 10**12}, "up to 30 days"),
    ):
        with pytest.raises(InvalidError) as refused:
            ask(**changes)
        assert why in refused.value.fields["poll"]

    assert mongodb["posts"].count_documents({}) == 0


def test_a_kwip_has_files_or_a_poll(kwip, alice):
    draft = Draft(text="Both", poll=ASKED, attachment_ids=(1,))

    with pytest.raises(InvalidError) as refused:
        kwip.services.posts.publish(alice.id, draft)
    assert "can't have both" in refused.value.fields["poll"]


def test_a_poll_is_found_by_its_options_and_by_having_one(kwip, ask):
    terms = text_of(ask()).terms

    assert {"has:poll", "oats"} <= terms


def test_ballots_keep_choices_and_round_apart():
    poll = Poll(options=(), expires_at=dt.datetime.now(dt.UTC), round=3)
    ballot = poll.ballot([0, 3])

    assert poll.choices(ballot) == (0, 3)
    assert replace(poll, round=4).choices(ballot) == ()


def told(kwip, viewer):
    loader = kwip.services.loaders.begin()
    page = kwip.services.notifications.page(viewer, loader, PageRequest())
    return [(view.kind.value, view.post.post.id) for view in page.items]


def test_author_and_voters_are_notified_of_the_end_once(
    kwip, ask, vote, end, alice, bob, new_user, monkeypatch
):
    monkeypatch.setattr(poll_ends, "VOTERS_AT_ONCE", 1)
    post, carol, dave = ask(), new_user("carol"), new_user("dave")
    vote(bob, post.id, [0])
    vote(carol, post.id, [1])
    assert not kwip.services.poll_ends.settle(post.id)
    end(post)
    for _ in range(2):
        assert kwip.services.poll_ends.settle(post.id)

        for person in (alice, bob, carol):
            assert told(kwip, person) == [("poll", post.id)]
    assert told(kwip, dave) == []
    assert read(kwip, dave, post).is_poll_over


def test_the_sweeper_finds_ended_polls_until_they_are_settled(
    kwip, ask, vote, end, alice, mongodb
):
    now = dt.datetime.now(dt.UTC)
    ends, post = kwip.services.poll_ends, ask()
    due = lambda later: ends.store.take_due(  # noqa: E731
        now + later, now, 5, lambda _: True
    )
    assert due(dt.timedelta(minutes=59)) == []
    assert due(dt.timedelta(minutes=61)) == [str(post.id)]
    kwip.services.posts.delete(alice, post.id)
    ends.settle(post.id)

    assert due(dt.timedelta(days=1)) == []
    assert told(kwip, alice) == []


def test_who_blocked_the_author_since_is_not_notified(kwip, ask, vote, end, alice, bob):
    post = ask()
    vote(bob, post.id, [0])
    kwip.services.relationships.block(bob, alice.id)
    end(post)
    kwip.services.poll_ends.settle(post.id)

    assert told(kwip, bob) == []


def test_the_votes_of_a_deleted_user_are_taken_back(
    kwip, ask, vote, bob, new_user, mongodb
):
    several, replaced = ask(is_multiple=True), ask()
    carol = new_user("carol")
    vote(bob, several.id, [0, 2])
    vote(carol, several.id, [2])
    vote(bob, replaced.id, [1])
    mongodb["posts"].update_one({"_id": replaced.id}, {"$inc": {"poll.round": 1}})
    kwip.services.deletion.run(bob.id, Silence())

    poll = read(kwip, carol, several).post.poll
    assert (counts(poll), poll.voters) == ([0, 0, 1], 1)
    stored = kwip.stores.posts.get_many([replaced.id])[replaced.id].poll
    assert counts(stored) == [0, 1, 0], "an earlier round is not counted back"
    assert mongodb["reactions"].count_documents({"user_id": bob.id}) == 0
