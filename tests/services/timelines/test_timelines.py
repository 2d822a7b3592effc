from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import PageRequest


def texts(page):
    return [view.post.text for view in page.items]


def test_a_post_reaches_its_author_and_a_follower(kwip, rings, new_user):
    alice, bob = new_user("alice"), new_user("bob")
    kwip.services.relationships.follow(bob, alice.id)
    rings.run()
    kwip.services.posts.create(alice, Draft(text="Good morning"))

    mine = kwip.services.timelines.home(
        alice, kwip.services.loaders.begin(), PageRequest()
    )
    rings.run()
    theirs = kwip.services.timelines.home(
        bob, kwip.services.loaders.begin(), PageRequest()
    )

    assert texts(mine) == ["Good morning"]
    assert texts(theirs) == ["Good morning"]


def test_a_bound_that_one_reader_names_cuts_no_page_of_another(kwip, new_user):
    alice = new_user("alice")
    first, second = (
        kwip.services.posts.publish(alice.id, Draft(text=text)) for text in "12"
    )

    def newer_than_first(**bounds):
        page = PageRequest(min_id=first.id, **bounds)
        return kwip.services.timelines.public(None, kwip.services.loaders.begin(), page)

    assert texts(newer_than_first(max_id=second.id)) == []
    assert texts(newer_than_first()) == ["2"]
