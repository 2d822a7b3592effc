"""Trends: what many different people use, and nothing that a viewer may not see."""

from __future__ import annotations

import pytest

from kwip.domain.posting.posts import Draft, Edit, Visibility


class Town:
    """Five people, who make what they are told to a trend."""

    def __init__(self, kwip, new_user):
        self.kwip, self.services = kwip, kwip.services
        names = ("alice", "bob", "carol", "dave", "eve")
        vars(self).update({name: new_user(name) for name in names})

    def say(self, viewer, text, **fields):
        return self.services.posts.publish(viewer.id, Draft(text=text, **fields))

    def recompute(self):
        return self.services.trending.recompute()

    def tags(self, viewer=None):
        return [tag.name for tag in self._read("tags", viewer)]

    def links(self, viewer=None):
        return [link.url for link in self._read("links", viewer)]

    def posts(self, viewer=None):
        return [view.post.text for view in self._read("posts", viewer)]

    def everything(self, viewer=None):
        return (self.tags(viewer), self.links(viewer), self.posts(viewer))

    def _read(self, kind, viewer):
        read = getattr(self.services.trends, kind)
        return read(viewer, self.services.loaders.begin())


@pytest.fixture
def town(kwip, new_user):
    return Town(kwip, new_user)


LINK = "https://example.org/rye"
BREAD = f"Look: {LINK} #bread"


@pytest.fixture
def bread(town):
    """Return the two posts by which a hashtag, a link and one of them trend."""
    posts = [town.say(each, BREAD) for each in (town.alice, town.bob)]
    for each in (town.carol, town.dave):
        town.services.reactions.favourite(each, posts[0].id)
    town.recompute()
    assert town.everything() == (["bread"], [LINK], [BREAD])
    return posts


def test_trends_are_what_different_people_use_and_react_to(town):
    for number in range(5):
        town.say(town.carol, f"{number} #spam https://spam.example")
    liked = town.say(town.alice, f"Tea! {LINK} #Tea")
    town.say(town.bob, f"More #tea: {LINK} https://example.org/second #milk")
    own = town.say(town.dave, "Look at me")
    for each in (town.dave, town.carol):
        town.services.reactions.favourite(each, own.id)
    town.services.reposts.repost(town.dave, liked.id)
    town.say(town.carol, "Yes!", in_reply_to_id=liked.id)

    assert town.recompute() == {"tags": 1, "posts": 1, "links": 1}
    assert town.everything() == (["tea"], [LINK], [liked.text])
    [tag] = town._read("tags", town.alice)
    assert (tag.history[0].uses, tag.history[0].people, len(tag.history)) == (2, 2, 7)
    [link] = town._read("links", None)
    assert link.history[0] == tag.history[0]


def test_only_public_posts_that_are_not_sensitive_make_trends(town):
    for visibility in set(Visibility) - {Visibility.PUBLIC}:
        for each in (town.alice, town.bob):
            town.say(each, BREAD, visibility=visibility)
    for each in (town.alice, town.bob, town.carol):
        said = town.say(each, BREAD, is_sensitive=True)
        town.say(each, BREAD, warning="bread")
        for other in (town.dave, town.eve):
            town.services.reactions.favourite(other, said.id)

    assert town.recompute() == {"tags": 0, "posts": 0, "links": 0}


def test_a_block_or_mute_hides_a_trend_from_one_viewer_at_once(town, bread):
    for hide, show in (("block", "unblock"), ("mute", "unmute")):
        getattr(town.services.relationships, hide)(town.eve, town.alice.id)

        assert town.everything(town.eve) == ([], [], [])
        assert town.everything(town.carol) == town.everything() != ([], [], [])
        getattr(town.services.relationships, show)(town.eve, town.alice.id)


def test_what_hides_a_post_from_everybody_ends_its_trends_at_once(town, bread):
    services, post_id = town.services, bread[0].id
    before = town.everything()
    services.moderation.suspend(town.alice.id)
    assert town.everything() == ([], [], [])
    services.moderation.unsuspend(town.alice.id)
    assert town.everything() == before

    services.posts.edit(town.alice, post_id, Edit(text=BREAD, is_sensitive=True))
    assert town.everything() == ([], [], [])
    services.posts.edit(town.alice, post_id, Edit(text="Nothing"))
    assert town.everything() == ([], [], ["Nothing"])
    services.posts.delete(town.alice, post_id)
    assert town.everything() == ([], [], [])


def test_reactions_of_suspended_people_do_not_count(town, bread):
    town.services.moderation.suspend(town.carol.id)

    assert town.recompute()["posts"] == 0


def test_the_job_computes_trends_when_they_are_due_and_not_again(town, kwip, rings):
    kwip.sweeper.sweep()
    assert rings.waiting == [("trends", "all")]
    rings.run()
    first = kwip.stores.trends.computed_at()
    rings("trends", "all")
    rings.run()
    kwip.sweeper.sweep()

    assert first is not None
    assert kwip.stores.trends.computed_at() == first
    assert rings.waiting == []
