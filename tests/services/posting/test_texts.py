from __future__ import annotations

import pytest

from kwip.domain.errors import InvalidError
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.text import Hashtag, Link, Mention
from kwip.domain.timelines.pages import PageRequest


@pytest.fixture
def posts(kwip):
    return kwip.services.posts


def test_a_post_keeps_what_stands_in_its_text(kwip, posts, alice):
    host = kwip.services.posts.texts.host
    text = f"#Straße www.example.org @alice@{host} @nobody @bob@other.example"

    post = posts.create(alice, Draft(text=text)).post

    end = 31 + len(host)
    assert post.hashtags == (Hashtag(0, 7, "strasse"),)
    assert post.links == (Link(8, 23, "https://www.example.org"),)
    assert post.mentions == (Mention(24, end, alice.id, "alice"),)


def test_an_edited_post_moves_from_hashtag_to_hashtag(kwip, posts, alice):
    def tagged(name):
        begun = kwip.services.loaders.begin()
        page = kwip.services.timelines.tag(alice, begun, name, PageRequest())
        return [view.post.id for view in page.items]

    post = posts.create(alice, Draft(text="＃ONE")).post
    before = tagged("one"), tagged("two")
    posts.edit(alice, post.id, Edit(text="now #two"))

    assert before == ([post.id], [])
    assert (tagged("one"), tagged("two")) == ([], [post.id])


def test_a_warning_counts_with_its_text_and_makes_it_sensitive(posts, alice):
    post = posts.create(alice, Draft(text="e" * 490, warning=" a\nb ")).post
    with pytest.raises(InvalidError) as refused:
        posts.create(alice, Draft(text="e" * 498, warning="abc"))

    assert (post.warning, post.is_sensitive) == ("a b", True)
    assert refused.value.fields == {
        "status": "Use up to 500 characters including the warning. This has 1 too many."
    }
