"""People to follow, and the directory: only people who want to be found."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import Part
from kwip.store.discovery import suggestions as module


class Town:
    """Alice follows bob, who follows carol and dave; everyone else knows nobody."""

    def __init__(self, kwip, new_user):
        self.kwip, self.services = kwip, kwip.services
        self.names = ("alice", "bob", "carol", "dave", "eve", "fred")
        vars(self).update({name: new_user(name) for name in self.names})
        for name in set(self.names) - {"fred"}:
            self.show(getattr(self, name))
        self.follow(self.alice, self.bob)
        for each in (self.carol, self.dave, self.fred):
            self.follow(self.bob, each)

    def show(self, viewer, *, is_on=True):
        change = ProfileChange(is_discoverable=is_on)
        self.services.users.update_profile(viewer, change)

    def follow(self, one, other):
        self.services.relationships.follow(one, other.id)

    def suggested(self, viewer):
        found = self.services.suggestions.of(viewer, self.services.loaders.begin())
        return {each.view.user.username: each.reason for each in found}

    def listed(self, order, viewer=None, offset=0, limit=40):
        page = self.services.suggestions.directory(
            viewer, self.services.loaders.begin(), order, Part(limit, offset)
        )
        return [view.user.username for view in page.items], page.next_max_id


@pytest.fixture
def town(kwip, new_user):
    return Town(kwip, new_user)


def test_whom_ones_followees_follow_is_suggested_before_who_is_popular(town):
    town.services.posts.publish(town.eve.id, Draft(text="Hello"))
    town.services.trending.recompute()

    found = town.suggested(town.alice)
    assert list(found)[-1] == "eve"
    assert found == {
        "carol": "followed_by_followees",
        "dave": "followed_by_followees",
        "eve": "popular",
    }


def test_nobody_is_suggested_whom_the_viewer_follows_hides_or_has_dismissed(town):
    services, alice = town.services, town.alice
    assert set(town.suggested(alice)) == {"carol", "dave"}
    services.suggestions.dismiss(alice, town.carol.id)
    assert set(town.suggested(alice)) == {"dave"}
    for hide, show in (("mute", "unmute"), ("block", "unblock")):
        getattr(services.relationships, hide)(alice, town.dave.id)
        assert town.suggested(alice) == {}
        getattr(services.relationships, show)(alice, town.dave.id)
    services.relationships.block(town.dave, alice.id)
    assert town.suggested(alice) == {}
    services.relationships.unblock(town.dave, alice.id)
    assert set(town.suggested(alice)) == {"dave"}

    town.show(town.dave, is_on=False)
    assert town.suggested(alice) == {}
    town.show(town.dave)
    services.moderation.suspend(town.dave.id)
    assert town.suggested(alice) == {}
    services.moderation.unsuspend(town.dave.id)
    town.follow(alice, town.dave)
    assert town.suggested(alice) == {}


def test_somebody_who_follows_thousands_costs_no_more_queries(
    town, commands, monkeypatch
):
    monkeypatch.setattr(module, "MAX_ASKED", 2)
    monkeypatch.setattr(module, "MAX_EACH", 2)
    for each in (town.carol, town.dave, town.eve):
        town.follow(town.alice, each)
        town.follow(each, town.fred)
    before = len(commands)

    found = town.kwip.stores.suggestions.of_users([town.alice.id])

    assert len(commands) - before == 3
    assert town.alice.id not in found[town.alice.id].ranked
    assert len(found[town.alice.id].ranked) <= 4


def test_the_directory_lists_who_wants_to_be_found_in_two_orders(town):
    for each in (town.carol, town.bob, town.fred):
        town.services.posts.publish(each.id, Draft(text="Hello"))
    town.services.trending.recompute()

    assert town.listed("active") == (["bob", "carol"], None)
    assert town.listed("active", limit=1) == (["bob"], 1)
    everyone = sorted(set(town.names) - {"fred"}, reverse=True)
    assert town.listed("new") == (everyone, None)
    assert town.listed("new", offset=1, limit=2) == (everyone[1:3], 3)
    town.services.relationships.block(town.alice, town.bob.id)
    assert town.listed("active", town.alice) == (["carol"], None)
    assert "bob" not in town.listed("new", town.alice)[0]
    town.show(town.carol, is_on=False)
    assert town.listed("active") == (["bob"], None)


def test_familiar_followers_are_those_whom_the_viewer_follows(town):
    town.follow(town.alice, town.eve)
    town.follow(town.eve, town.carol)
    ids = [town.carol.id, town.alice.id, town.eve.id]

    def read(viewer, most=2):
        loader = town.services.loaders.begin()
        found = town.services.people.familiar(viewer, loader, ids, most=most)
        return [({u.username for u in found[i].users}, found[i].total) for i in ids]

    assert read(town.alice) == [({"bob", "eve"}, 2), (set(), 0), (set(), 0)]
    assert [total for _, total in read(town.alice, most=1)] == [2, 0, 0]
    assert read(None) == [(set(), 0)] * 3
