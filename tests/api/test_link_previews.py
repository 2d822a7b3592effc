from __future__ import annotations

import pytest

from kwip.cache import invalidation_rules
from kwip.domain.ids import PostId
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from tests.pictures import plain
from tests.web.pages import Page

URL = "https://www.bread.example/rye?a=1#step"


@pytest.fixture
def link(alice, wiring):
    """Return a function that publishes a status with a preview; gives its id."""
    previews = wiring.services.previews

    def link(*, content=None, **fields):
        post_id = PostId(int(alice.say(f"Look {URL}", **fields)["id"]))
        [post] = wiring.stores.posts.get_many([post_id]).values()
        preview = LinkPreview(
            url=URL,
            kind=PreviewKind.LINK,
            title="Rye <b>bread</b>",
            author_name="Ada",
            provider_name="Bread",
            image=content and previews.finder.copy(content, "A loaf."),
        )
        assert previews.of_posts.settle(post, preview)
        wiring.fence.invalidate(invalidation_rules.preview(post_id=post_id))
        return post_id

    return link


def card_of(person, post_id):
    return person.get(f"/api/v1/statuses/{post_id}").json["card"]


def test_a_card_has_all_its_keys_and_none_of_their_html(alice, bob, link, client):
    card = card_of(bob, link(content=plain()))
    with client.get(card.pop("image")) as answer:
        image = (answer.status_code, answer.content_type)

    assert card.pop("blurhash")
    assert card == {
        "url": URL,
        "title": "Rye <b>bread</b>",
        "description": "",
        "language": None,
        "type": "link",
        "author_name": "Ada",
        "author_url": "",
        "provider_name": "Bread",
        "provider_url": "",
        "html": "",
        "width": 64,
        "height": 48,
        "image_description": "A loaf.",
        "embed_url": "",
        "published_at": None,
        "authors": [{"name": "Ada", "url": "", "account": None}],
    }
    assert image == (200, "image/webp")
    assert card_of(bob, alice.say("No link.")["id"]) is None
    without = card_of(bob, link())
    assert (without["image"], without["width"], without["blurhash"]) == (None, 0, None)


@pytest.mark.parametrize("word", ["private", "direct"])
def test_the_picture_in_a_private_status_has_a_signed_address(
    alice, client, link, word
):
    post_id = link(content=plain(), visibility=word)
    address = card_of(alice, post_id)["image"]
    path, _, query = address.partition("?")

    assert path.endswith(f"/media/private/{post_id}/preview.webp")
    with client.get(address) as answer:
        assert answer.status_code == 200
    assert client.get(path).status_code == 403
    assert client.get(f"{path}?{query[:-1]}").status_code == 403
    alice.ask("DELETE", f"/api/v1/statuses/{post_id}")
    assert client.get(address).status_code == 404


def test_the_picture_in_a_private_status_of_somebody_suspended_is_not_shown(
    alice, client, link, wiring
):
    address = card_of(alice, link(content=plain(), visibility="private"))["image"]
    wiring.services.moderation.suspend(alice.user.id)
    assert client.get(address).status_code == 404
    wiring.services.moderation.unsuspend(alice.user.id)

    with client.get(address) as answer:
        assert answer.status_code == 200


def test_a_widget_shows_the_host_and_the_picture(client, link, alice):
    link(content=plain())
    [post] = client.get("/api/widgets/v1/user/alice").json["posts"]

    assert post["card"]["host"] == "bread.example"
    assert post["card"]["title"] == "Rye <b>bread</b>"
    assert (post["card"]["image"]["width"], post["card"]["image"]["height"]) == (64, 48)
    with client.get(post["card"]["image"]["url"]) as answer:
        assert answer.status_code == 200


def test_a_card_is_one_link_on_pages_and_behind_the_warning(client, link):
    def card_on_page(**fields):
        page = Page(client.get(f"/@alice/{link(content=plain(), **fields)}").text)
        [card] = page.with_class("preview")
        return page, card

    page, card = card_on_page()
    [image] = [e for e in page.all("img") if card in e.inside]

    assert (card.tag, card["href"]) == ("a", URL)
    assert card["rel"] == "nofollow noopener noreferrer"
    assert card.words == "bread.example · Ada Rye <b>bread</b>"
    assert (image["width"], image["height"], image["alt"]) == ("64", "48", "A loaf.")
    assert image["src"].startswith("http")
    for fields in ({"spoiler_text": "Bread"}, {"sensitive": True}):
        _, hidden = card_on_page(**fields)
        around = [e.get("class") or "" for e in hidden.inside if e.tag == "details"]
        assert any(name.startswith("folded") for name in around)
