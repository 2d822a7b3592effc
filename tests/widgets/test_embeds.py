from __future__ import annotations

import io
import re

import pytest

from kwip.domain.accounts.users import ProfileChange, Viewer
from tests.people import sign_in
from tests.pictures import plain

#: Everything that a frame loads, without what people attach.
MAX_BYTES = 60_000


@pytest.fixture
def frames(alice, bob):
    """Return the address of each kind of frame, which shows a kwip of Alice's."""
    root = alice.say("hello #fox https://example.org")["id"]
    bob.say("@alice ho", in_reply_to_id=root)
    return [
        f"/embed/post/{root}",
        "/embed/user/alice",
        "/embed/tag/Fox",
        f"/embed/thread/{root}",
    ]


def test_a_frame_shows_what_it_names_and_may_be_framed_by_anybody(client, frames):
    for path in frames:
        answer = client.get(path)

        assert answer.status_code == 200
        assert answer.mimetype == "text/html"
        assert ">#fox</a>" in answer.text
        assert '<base target="_blank">' in answer.text
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors *;" in policy
        assert "unsafe" not in policy
        assert "X-Frame-Options" not in answer.headers
        assert "s-maxage=30" in answer.headers["Cache-Control"]
        outward = re.findall(r"<a [^>]*>", answer.text)
        assert outward
        assert all("nofollow" in a and "noopener" in a for a in outward)


def test_other_pages_may_be_framed_by_nobody(client, frames):
    for path in ("/", "/@alice", "/api/v1/embed/post/1", "/share?text=x"):
        policy = client.get(path).headers["Content-Security-Policy"]

        assert "frame-ancestors 'none'" in policy


def test_a_frame_knows_no_cookie_and_is_spared_if_unchanged(
    app, wiring, alice, client, frames
):
    browser = sign_in(app, wiring, alice)
    browser.set_cookie("kwip_look_8000", "dark.huge")

    for path in frames:
        # By another address, for one answer is cached for everybody.
        first, known = client.get(path), browser.get(f"{path}?theme=auto")
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

        assert known.data == first.data
        assert "data-theme" not in known.text
        assert "Set-Cookie" not in known.headers
        assert first.headers["Vary"] == known.headers["Vary"] == "Accept-Encoding"
        assert (again.status_code, again.data) == (304, b"")


def test_a_frame_is_at_most_60_kb_with_all_it_loads(app, alice, client):
    for number in range(12):
        alice.say(f"kwip {number} " + "some words of an ordinary length " * 10)

    page = client.get("/embed/user/alice")
    loaded = re.findall(
        r'(?:src|href)="(/assets/[^"]+|http[^"]+/avatars/[^"]+)"', page.text
    )

    assert len(set(loaded)) == 3
    paths = {each.replace(app.extensions["kwip"].urls.origin, "") for each in loaded}
    sizes = [len(client.get(path).data) for path in paths]
    assert len(page.data) + sum(sizes) < MAX_BYTES


def test_a_theme_is_chosen_in_the_address(client, frames):
    assert 'data-theme="dark"' in client.get(frames[0] + "?theme=dark").text
    assert "data-theme" not in client.get(frames[0] + "?theme=auto").text
    for wrong in ("theme=pink", "colour=red", "limit=0"):
        answer = client.get(f"{frames[1]}?{wrong}")

        assert answer.status_code == 400
        assert f"<code>{wrong.partition('=')[0]}</code>" in answer.text
        assert "frame-ancestors *;" in answer.headers["Content-Security-Policy"]


def test_a_frame_without_anything_to_show_says_so(wiring, alice, bob, client, frames):
    gone = bob.say("gone soon")["id"]
    bob.ask("DELETE", f"/api/v1/statuses/{gone}")
    hidden = alice.say("for followers", visibility="private")["id"]
    change = ProfileChange(is_embeddable=False)
    viewer = Viewer(id=bob.user.id, username="bob", digest="")
    wiring.services.users.update_profile(viewer, change)
    kept = bob.say("still here")["id"]
    expected = {
        f"/embed/post/{gone}": (410, "This kwip was deleted."),
        f"/embed/thread/{gone}": (410, "This kwip was deleted."),
        f"/embed/post/{hidden}": (404, "Kwip not found."),
        f"/embed/post/{kept}": (404, "Kwip not found."),
        "/embed/user/bob": (404, "This user has turned widgets off."),
        "/embed/user/nobody": (404, "User not found."),
        "/embed/nothing": (404, "There&#39;s nothing at this address."),
    }
    for path, (number, words) in expected.items():
        answer = client.get(path)

        assert (path, answer.status_code) == (path, number)
        assert words in answer.text
        assert "Go to Kwip" in answer.text
        assert "frame-ancestors *;" in answer.headers["Content-Security-Policy"]
    assert "No kwips yet." in client.get("/embed/tag/nothing").text
    assert client.get(frames[3]).text.count("<article") == 1


def test_what_is_sensitive_opens_without_a_script(alice, client):
    file = (io.BytesIO(plain()), "me.png")
    sent = {"file": file, "focus": "1,-1"}
    media = alice.post("/api/v2/media", data=sent).json["id"]
    covered = alice.say("look", sensitive=True, media_ids=[media], language="de")["id"]
    warned = alice.say("spoiler", spoiler_text="careful")["id"]

    picture = client.get(f"/embed/post/{covered}").text
    words = client.get(f"/embed/post/{warned}").text

    assert re.search(
        r"<details.*Sensitive.*<img [^>]*width=\"\d+\"", picture, re.DOTALL
    )
    assert 'class="focus-x4 focus-y4"' in picture  # what a crop keeps
    assert 'dir="auto" lang="de"><p>look</p>' in picture
    assert re.search(r"<details.*careful.*<p>spoiler</p>.*</details>", words, re.DOTALL)
