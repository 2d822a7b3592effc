from __future__ import annotations

import io
import re
from urllib.parse import urlsplit

import pytest
from PIL import Image

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.media.cards import Card
from kwip.services.media import cards
from tests.pictures import plain


@pytest.fixture
def card_of(client):
    """Return a function that gives the path of the card that a page names."""

    def found(path):
        named = re.search(r'og:image" content="([^"]+)"', client.get(path).text)
        parts = urlsplit(named[1])
        return f"{parts.path}?{parts.query}"

    return found


def drawn(**says):
    blank = {"title": "Alice", "about": "@alice", "text": "", "site": "kwip.example"}
    card = Card(**blank | {"picture": "", "letter": "A", "colour": "#0b6b58"} | says)
    return Image.open(io.BytesIO(cards._draw(card, b"")))


def test_each_page_names_a_card_that_never_changes(alice, client, card_of):
    said = alice.say("hello #fox")["id"]
    for path in (f"/@alice/{said}", "/@alice", "/tags/fox"):
        card = client.get(card_of(path))

        assert card.mimetype == "image/png"
        cached = "public, max-age=31536000, immutable, s-maxage=30"
        assert card.headers["Cache-Control"] == cached
        assert Image.open(io.BytesIO(card.data)).size == (1200, 630)
        assert len(card.data) < 100_000


def test_a_card_goes_with_what_it_shows(wiring, alice, client, card_of):
    said = alice.say("hello")["id"]
    first = card_of(f"/@alice/{said}")
    alice.ask("PUT", f"/api/v1/statuses/{said}", json={"status": "other"})
    second = card_of(f"/@alice/{said}")

    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert client.get(f"/card/post/{said}.png?v={'0' * 20}").status_code == 404
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    change = ProfileChange(is_embeddable=False, avatar=io.BytesIO(plain()))
    wiring.services.users.update_profile(viewer, change)
    assert client.get(second).json == {"error": "Kwip not found."}
    assert "/media/" in card_of("/@alice")


def test_our_words_on_a_card_are_in_the_language_of_the_site(wiring, client, card_of):
    wiring.fence.outlast_leases = lambda: None
    cards_of_tag = []
    for language in ("en", "de", "hi"):
        wiring.services.site.change({"language": language}, BY_KWIP)
        cards_of_tag.append(card_of("/tags/fox"))

        assert client.get(cards_of_tag[-1]).status_code == 200
        assert card_of("/tags/fox?order=active") == cards_of_tag[-1]
    assert len(set(cards_of_tag)) == 3
    assert client.get(cards_of_tag[0]).status_code == 404
    # The font has no Devanagari, so the line is left out.
    assert drawn(about="इस हैशटैग वाले क्विप").tobytes() == drawn(about="").tobytes()


def test_a_card_shows_the_profile_picture(wiring, alice, client, card_of):
    red = io.BytesIO(plain(size=(400, 400)))
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    wiring.services.users.update_profile(viewer, ProfileChange(avatar=red))

    card = Image.open(io.BytesIO(client.get(card_of("/@alice")).data))

    colour = Image.open(io.BytesIO(plain())).convert("RGB").getpixel((2, 2))
    middle = card.getpixel((146, 286))
    assert all(abs(a - b) < 12 for a, b in zip(middle, colour, strict=True))


def test_a_card_has_no_boxes_for_what_the_font_lacks():
    blank = drawn()

    assert drawn(text="日本語 and Latin").tobytes() == blank.tobytes()
    assert drawn(text="hi").tobytes() != blank.tobytes()
    assert drawn(text="hi 🎉\u200d\u202e").tobytes() == drawn(text="hi").tobytes()
    assert drawn(text="Привет, κόσμε, ćwiąź").tobytes() != blank.tobytes()


def test_a_text_is_wrapped_and_cut_within_the_card():
    for text in ("w" * 20_000, "a b " * 5_000, "a\n" * 5_000, "\u0301" * 5_000):
        card = drawn(text=text, title=text, about=text)

        assert card.crop((1_130, 20, 1_200, 630)).getcolors() == [
            (70 * 610, (253, 252, 250))
        ]
        assert card.crop((0, 600, 1_200, 630)).getcolors() == [
            (36_000, (253, 252, 250))
        ]
