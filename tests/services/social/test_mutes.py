from __future__ import annotations

import pytest

from kwip.domain.clock import system_clock_ms
from kwip.domain.posting.posts import Draft
from kwip.domain.social.relationships import MuteTerms
from kwip.domain.timelines.notifications import NotificationKind
from kwip.domain.timelines.pages import PageRequest
from tests.frozen import swap
from tests.wired import home_of

HOUR_S = 3_600
FOR_AN_HOUR = MuteTerms(duration_s=HOUR_S)


@pytest.fixture
def reader(kwip, rings, alice, bob):
    """Return alice, who follows bob and has his kwip in her home."""
    kwip.services.relationships.follow(alice, bob.id)
    kwip.services.posts.publish(bob.id, Draft(text="Here I am"))
    rings.run()
    return alice


def later(kwip, seconds):
    """Let the sweeper and the services believe that some time has passed."""

    def clock():
        return system_clock_ms() + seconds * 1_000

    for part in (kwip.sweeper, kwip.services.relationships):
        swap(part, clock=clock)


def tie(kwip, viewer, other):
    loader = kwip.services.loaders.begin()
    [found] = kwip.services.relationships.between(viewer, loader, [other.id])
    return found


def test_a_mute_ends_by_itself_when_its_time_is_over(kwip, rings, reader, bob):
    muted = kwip.services.relationships.mute(reader, bob.id, FOR_AN_HOUR)
    ends_ms = muted.mute_ends_at.timestamp() * 1_000
    assert abs(ends_ms - system_clock_ms() - HOUR_S * 1_000) < 60_000
    assert home_of(kwip, reader) == []
    assert tie(kwip, reader, bob).mute_ends_at == muted.mute_ends_at
    later(kwip, HOUR_S - 60)
    kwip.sweeper.sweep()
    rings.run()
    assert home_of(kwip, reader) == []

    later(kwip, HOUR_S + 1)
    kwip.sweeper.sweep()
    rings.run()

    assert home_of(kwip, reader) == ["Here I am"]
    assert not tie(kwip, reader, bob).is_muting
    assert kwip.store.database["mutes"].find_one() is None


def test_a_mute_that_is_prolonged_meanwhile_goes_on(kwip, rings, reader, bob):
    kwip.services.relationships.mute(reader, bob.id, FOR_AN_HOUR)
    later(kwip, HOUR_S + 1)
    kwip.sweeper.sweep()
    kwip.services.relationships.mute(reader, bob.id)

    rings.run()

    assert home_of(kwip, reader) == []
    assert tie(kwip, reader, bob).mute_ends_at is None


def test_a_mute_whose_time_is_over_hides_nothing_that_is_loaded(kwip, reader, bob):
    """Without a sweeper, too: MongoDB's clock decides."""
    later(kwip, -2 * HOUR_S)

    kwip.services.relationships.mute(reader, bob.id, FOR_AN_HOUR)

    assert home_of(kwip, reader) == ["Here I am"]
    assert not tie(kwip, reader, bob).is_muting


def test_a_mute_can_leave_notifications_as_they_are(kwip, rings, reader, bob):
    terms = MuteTerms(hides_notifications=False)
    kwip.services.relationships.mute(reader, bob.id, terms)
    kwip.services.posts.publish(bob.id, Draft(text="Look, @alice"))
    rings.run()

    loader = kwip.services.loaders.begin()
    found = kwip.services.notifications.page(reader, loader, PageRequest())
    assert [view.kind for view in found.items] == [NotificationKind.MENTION]
    assert kwip.services.notifications.unread(reader, loader) == 1
    assert home_of(kwip, reader) == []
    assert not tie(kwip, reader, bob).hides_notifications

    kwip.services.relationships.mute(reader, bob.id)

    loader = kwip.services.loaders.begin()
    found = kwip.services.notifications.page(reader, loader, PageRequest())
    assert found.items == ()
    assert kwip.services.notifications.unread(reader, loader) == 0


def test_reposts_of_one_person_can_be_hidden(kwip, rings, reader, bob, carol):
    post = kwip.services.posts.publish(carol.id, Draft(text="Carol's"))
    kwip.services.reposts.repost(bob, post.id)
    rings.run()
    relationships = kwip.services.relationships
    assert home_of(kwip, reader) == ["", "Here I am"]

    hidden = relationships.follow(reader, bob.id, hides_reposts=True)

    assert not hidden.shows_reposts
    assert home_of(kwip, reader) == ["Here I am"]
    assert not relationships.follow(reader, bob.id, notify=True).shows_reposts
    relationships.unfollow(reader, bob.id)
    rings.run()
    assert relationships.follow(reader, bob.id).shows_reposts
    rings.run()
    assert home_of(kwip, reader) == ["", "Here I am"]
