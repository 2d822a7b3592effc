"""Custom emoji, from the administrator to every place that shows them."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from kwip.app import create_app
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.errors import InvalidError, NotFoundError, StoreUnavailableError
from kwip.services.media.emojis import NewEmoji
from kwip.wiring import build
from tests.people import sign_in
from tests.pictures import BLUE, RED, opened, plain
from tests.servers import wait_until

BIO = "see :blob: https://x.org/:blob:/ a:blob:b :nothing: :blob::party:"


def moving(size=(256, 64), frames=2):
    """Make a GIF of red and blue frames, larger than emoji may be."""
    red, blue = (Image.new("RGB", size, colour) for colour in (RED, BLUE))
    others = [(red, blue)[number % 2] for number in range(1, frames)]
    target = io.BytesIO()
    red.save(target, "GIF", save_all=True, append_images=others, duration=80)
    return target.getvalue()


def new(name, content, code=None):
    return NewEmoji(name=name, shortcode=code or name, file=io.BytesIO(content))


@pytest.fixture
def emojis(wiring):
    """Return the service of a site that has a still emoji and an animated one."""
    service = wiring.services.emojis
    service.add([new("blob", plain())], category="Shapes")
    service.add([new("party", moving())])
    return service


@pytest.fixture
def spoken(emojis, alice, wiring):
    """Let Alice use emoji wherever she can write."""
    change = ProfileChange(display_name="Alice :blob:", bio=BIO)
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    wiring.services.users.update_profile(viewer, change)
    poll = {"options": [":blob: yes", "no"], "expires_in": 600}
    return alice.say(BIO, spoiler_text="careful :party:", poll=poll)


def codes(entity):
    return [each["shortcode"] for each in entity["emojis"]]


def test_apps_get_the_emoji_beside_each_text(spoken, alice, client):
    status = alice.get(f"/api/v1/statuses/{spoken['id']}").json
    offered = client.get("/api/v1/custom_emojis").json
    history = alice.get(f"/api/v1/statuses/{spoken['id']}/history").json

    assert status["content"].count(":blob:") == 5
    assert codes(status) == ["party", "blob"]
    assert codes(status["poll"]) == ["blob"]
    assert codes(status["account"]) == ["blob"]
    assert codes(history[0]) == ["blob", "party"]
    assert [each["shortcode"] for each in offered] == ["party", "blob"]
    assert [each["category"] for each in offered] == [None, "Shapes"]
    assert status["emojis"] == offered
    party, blob = offered
    assert party["url"] != party["static_url"]
    assert blob["url"] == blob["static_url"]
    assert all(each["visible_in_picker"] for each in offered)


def test_pages_and_widgets_show_pictures_but_not_within_links_and_words(
    spoken, app, wiring, alice, client
):
    page = sign_in(app, wiring, alice).get(f"/@alice/{spoken['id']}").text
    [text] = re.findall(r'<div class="post-text".*?</div>', page, re.DOTALL)
    widget = client.get(f"/api/widgets/v1/thread/{spoken['id']}").json["posts"][0]
    profile = client.get("/@alice").text

    assert text.count("<img") == 1
    assert 'alt=":blob:" title=":blob:" width="27" height="20"' in text
    assert "/:blob:/</a> a:blob:b :nothing: :blob::party:" in text
    assert re.search(r"careful <picture><source srcset=\S+ media=\"\(prefers-", page)
    assert re.search(r'class="poll-title" dir="auto"><img class="emoji"', page)
    assert re.search(r'<bdi class="name">Alice <img class="emoji"', page)
    assert "Alice :blob: (@alice)" in page  # titles and names for screen readers
    assert re.search(r"<h2><bdi>Alice <img", profile)
    assert re.search(r'class="bio" dir="auto"><p>see <img', profile)
    assert widget["html"] in text
    assert codes(widget) == ["party", "blob"]
    assert codes(widget["author"]) == ["blob"]


def test_pictures_are_small_and_animated_ones_have_a_still_version(emojis, client):
    party = emojis.current().by_code["party"]
    pictures = []
    for name in (party.picture, party.still):
        with client.get(f"/media/{name[:2]}/{name}-128.webp") as answer:
            pictures.append(opened(answer.data))
    moves, still = pictures

    assert moves.size == still.size == (128, 32)
    assert moves.n_frames == 2
    assert getattr(still, "n_frames", 1) == 1


def test_other_processes_follow_within_a_second_and_show_no_cached_page(
    spoken, app, wiring, settings, endpoints, client
):
    other = build(settings, endpoints, role="web")
    try:
        reader = create_app(other, settings).test_client(use_cookies=False)
        wait_until(lambda: other.fence.lease() is not None)
        pages = ["/@alice", "/api/widgets/v1/user/alice", "/api/v1/custom_emojis"]
        for _ in range(2):  # the second time from the cache
            assert all("-128.webp" in reader.get(page).text for page in pages)

        wiring.services.emojis.remove(["blob", "party"])
        removed = wiring.services.emojis.current().version

        wait_until(lambda: other.fence.emojis_version() == removed, 1.5)
        assert not any("-128.webp" in reader.get(page).text for page in pages)
        assert not any("-128.webp" in client.get(page).text for page in pages)
    finally:
        other.close()


def test_without_mongodb_the_emoji_stay_as_they_are_known(emojis, monkeypatch):
    tries = []

    def fail():
        tries.append(1)
        raise StoreUnavailableError(reason="no server")

    known = emojis.current()
    monkeypatch.setattr(emojis, "_version", lambda: "another")
    monkeypatch.setattr(emojis._store, "read", fail)

    assert [emojis.current(), emojis.current()] == [known, known]
    assert len(tries) == 1  # and no second time within the same second


def test_nothing_is_added_if_anything_is_wrong(emojis, settings):
    files = sorted(settings.media_folder.rglob("*.webp"))
    before = emojis.stored()
    wrong = [
        new("one.png", plain()),
        new("again.png", plain(), "blob"),
        new("a-b.png", plain()),
        new("text.png", b"no picture", "text"),
        new("photo.png", plain("JPEG"), "photo"),
        new("large.png", plain() + b"\0" * 256_000, "large"),
        new("long.gif", moving(size=(2, 2), frames=201), "long"),
        new("fine.png", plain(size=(9, 9)), "fine"),
    ]

    with pytest.raises(InvalidError) as refused:
        emojis.add(wrong)

    said = refused.value.fields
    assert said.keys() == {each.name for each in wrong} - {"fine.png"}
    assert "--replace" in said["again.png"]
    assert said["photo.png"] == "Use a PNG, GIF or WebP image."
    assert said["long.gif"].startswith("This animation is too long or too large.")
    assert said["large.png"] == "Use an image of up to 256 KB."
    assert emojis.stored() == before
    assert sorted(settings.media_folder.rglob("*.webp")) == files


def test_a_removed_emoji_takes_its_files_along_unless_another_has_them(
    emojis, settings
):
    emojis.add([new("same", plain())])
    party = emojis.current().by_code["party"].paths
    shared = emojis.current().by_code["same"].paths

    emojis.remove(["blob", "party"])

    root = settings.media_folder
    assert not any((root / path).exists() for path in party)
    assert all((root / path).exists() for path in shared)
    with pytest.raises(NotFoundError):
        emojis.remove(["same", "blob"])
    assert [each.shortcode for each in emojis.stored()] == ["same"]
