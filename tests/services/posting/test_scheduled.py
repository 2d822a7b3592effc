"""Scheduled posts: posted once when they are due, or drafts again that say why not."""

from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.posting.drafts import Continued
from kwip.domain.posting.posts import Draft
from kwip.services.posting import drafts
from kwip.services.posting import scheduled as limits
from tests.pictures import plain, sent

HOUR = dt.timedelta(hours=1)


def soon(hours=1):
    return at(system_clock_ms()) + hours * HOUR


@pytest.fixture
def later(kwip):
    """Return a function that lets some hours pass, for those who post."""

    def pass_by(hours=2):
        moment = system_clock_ms() + hours * 3_600_000
        for each in (kwip.services.scheduled, kwip.sweeper):
            object.__setattr__(each, "clock", lambda: moment)

    return pass_by


def written_by(kwip, viewer):
    """Return the texts of somebody's posts."""
    found = kwip.store.database["posts"].find({"author_id": viewer.id}).sort("_id")
    return [d["text"] for d in found]


def test_the_sweeper_posts_what_is_due_with_its_files_and_only_then(
    kwip, rings, alice, later
):
    upload = kwip.services.attachments.upload(alice, sent(plain()), AttachmentChange())
    content = Draft(text="Good morning", attachment_ids=(upload.id,))
    made = kwip.services.scheduled.schedule(alice, content, soon())
    kwip.sweeper.sweep()
    rings.run()
    assert written_by(kwip, alice) == []

    later()
    kwip.sweeper.sweep()
    rings.run()
    assert written_by(kwip, alice) == ["Good morning"]
    [post] = kwip.store.database["posts"].find({"author_id": alice.id})
    assert [each["id"] for each in post["media"]] == [upload.id]
    with pytest.raises(NotFoundError):
        kwip.services.scheduled.get(alice, made.id)


@pytest.mark.parametrize("point", ["publish", "finish", "expire"])
def test_a_worker_that_dies_at_any_point_posts_once(
    kwip, alice, later, monkeypatch, point
):
    scheduled = kwip.services.scheduled
    made = scheduled.schedule(alice, Draft(text="Once"), soon())
    later()
    places = {
        "publish": type(scheduled.posts),
        "finish": type(scheduled.drafts.store),
        "expire": type(scheduled.posts.claims.store),
    }
    with monkeypatch.context() as patched:
        for is_after in (False, True):
            real = getattr(places[point], point)

            def die(*args, real=real, is_after=is_after):
                if is_after:
                    real(*args)
                raise KeyboardInterrupt

            patched.setattr(places[point], point, die)
            with pytest.raises(KeyboardInterrupt):
                scheduled.settle(alice.id, made.id)
            patched.undo()
            if point == "expire":
                break  # the draft is gone, and the job with it

    scheduled.settle(alice.id, made.id)
    assert written_by(kwip, alice) == ["Once"]
    assert kwip.services.drafts.overview(alice) == []


def test_what_cannot_be_posted_becomes_a_draft_that_says_why(kwip, alice, bob, later):
    scheduled = kwip.services.scheduled
    root = kwip.services.posts.publish(bob.id, Draft(text="A root"))
    answer = Draft(text="An answer", in_reply_to_id=root.id)
    made = [
        scheduled.schedule(alice, each, soon()) for each in (answer, Draft(text="Me"))
    ]
    kwip.services.posts.delete(bob, root.id)
    later()
    scheduled.settle(alice.id, made[0].id)
    kwip.services.moderation.suspend(alice.id)
    scheduled.settle(alice.id, made[1].id)

    problems = [each.problem for each in kwip.services.drafts.overview(alice)]
    assert sorted(problems) == [
        "The kwip you're replying to was deleted.",
        "Your account is suspended.",
    ]
    assert written_by(kwip, alice) == []
    assert scheduled.upcoming(alice) == []


def test_what_is_being_posted_cannot_be_changed(kwip, alice, later):
    scheduled = kwip.services.scheduled
    made = scheduled.schedule(alice, Draft(text="Now"), soon())
    later()
    scheduled.drafts.store.begin(alice.id, made.id, soon(2))

    for act in (
        lambda: scheduled.cancel(alice, made.id),
        lambda: scheduled.reschedule(alice, made.id, None),
    ):
        with pytest.raises((ConflictError, InvalidError)):
            act()


def test_the_time_and_the_number_of_scheduled_posts_are_limited(
    kwip, alice, monkeypatch
):
    scheduled = kwip.services.scheduled
    monkeypatch.setattr(limits, "MAX_SCHEDULED_A_DAY", 1)
    day = soon(24)
    for moment in (at(system_clock_ms()) + dt.timedelta(minutes=4), soon(99_999)):
        with pytest.raises(InvalidError, match="Choose a time"):
            scheduled.schedule(alice, Draft(text="x"), moment)
    made = scheduled.schedule(alice, Draft(text="x"), day)
    with pytest.raises(InvalidError, match="for one day"):
        scheduled.schedule(alice, Draft(text="y"), day)

    scheduled.reschedule(alice, made.id, day + dt.timedelta(seconds=1))
    assert [each.content.text for each in scheduled.upcoming(alice)] == ["x"]


def test_what_is_held_can_be_undone_until_it_is_posted(kwip, alice, later):
    scheduled = kwip.services.scheduled
    one, two = (scheduled.hold(alice, Draft(text=t), 10) for t in ("One", "Two"))

    assert scheduled.undo(alice, one.id)
    later()
    scheduled.settle(alice.id, one.id)
    scheduled.settle(alice.id, two.id)
    assert written_by(kwip, alice) == ["Two"]
    assert not scheduled.undo(alice, two.id)
    [left] = kwip.services.drafts.overview(alice)
    assert left.content.text == "One"


def test_an_undo_gives_the_text_back_even_beyond_the_limit(kwip, alice, monkeypatch):
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 1)
    kwip.services.drafts.save(alice, Draft(text="One"))
    held = kwip.services.scheduled.hold(alice, Draft(text="Two"), 10)

    assert kwip.services.scheduled.undo(alice, held.id)
    texts = {each.content.text for each in kwip.services.drafts.overview(alice)}
    assert texts == {"One", "Two"}
    with pytest.raises(InvalidError, match="Delete a draft first"):
        kwip.services.drafts.save(alice, Draft(text="Three"))


def test_a_draft_that_is_scheduled_by_a_form_sent_twice_is_there_once(kwip, alice):
    content, moment = Draft(text="Once", idempotency_key="key"), soon()
    draft = kwip.services.drafts.save(alice, content).draft
    continued = Continued(draft.id, draft.version)
    for _ in range(2):
        kwip.services.scheduled.schedule(alice, content, moment, continued)

    assert [each.id for each in kwip.services.scheduled.upcoming(alice)] == [draft.id]
    assert len(kwip.services.drafts.overview(alice)) == 1
