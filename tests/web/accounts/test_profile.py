"""The form of the own profile, and the pictures that come with it."""

from __future__ import annotations

import io
import os

import pytest

from kwip.domain.accounts.users import MAX_FIELDS
from kwip.domain.media.attachments import VIDEO_MAX_BYTES
from tests.pictures import BLUE, HOSTILE, opened, plain
from tests.web.pages import Page

PLACE = "/settings/profile"
EMPTY = {"display_name": "Alice", "bio": ""}


def file_of(content, name="me.png"):
    return io.BytesIO(content), name


def files_in(settings):
    folder = settings.media_folder
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def picture(client, settings):
    """Return a function that fetches a picture by its full address."""

    def fetch(address, **headers):
        path = address.removeprefix(settings.origin)
        with client.get(path, headers=headers) as answer:
            answer.get_data()
            return answer

    return fetch


def test_a_picture_is_taken_in_and_shown(at_alice, picture):
    at_alice.send(PLACE, avatar=file_of(plain(size=(900, 900), colour=BLUE)), **EMPTY)

    profile = at_alice.get("/@alice")
    shown = next(i for i in profile.all("img") if i["width"] == "96")
    answer = picture(shown["src"])

    assert "/media/" in shown["src"]
    assert answer.status_code == 200
    assert opened(answer.data).size == (400, 400)


def test_a_banner_is_taken_in_and_shown_in_the_api(at_alice, alice, picture):
    at_alice.send(PLACE, banner=file_of(plain("JPEG", size=(1600, 900))), **EMPTY)

    account = alice.get("/api/v1/accounts/verify_credentials").json
    assert account["header"] == account["header_static"]
    assert opened(picture(account["header"]).data).size == (1500, 500)
    assert "/avatars/" in account["avatar"]


def test_pictures_are_kept_for_ever_and_run_nowhere(at_alice, alice, picture):
    at_alice.send(PLACE, avatar=file_of(plain()), **EMPTY)
    address = alice.get("/api/v1/accounts/verify_credentials").json["avatar"]

    answer = picture(address)

    headers = answer.headers
    assert headers["Content-Type"] == "image/webp"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers
    assert "Cookie" not in answer.vary
    again = picture(address, **{"If-None-Match": headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_nothing_else_is_given_out(client, settings):
    (settings.home / "secrets").mkdir(parents=True)
    (settings.home / "secrets" / "mongodb").write_text("secret")
    for path in (
        "x",
        "ab/x",
        f"ab/{'0' * 32}-400.webp",
        f"00/{'0' * 32}-400.webp",
        f"00/{'0' * 32}-401.webp",
        f"00/{'0' * 32}-400.png",
        f"00/{'٠' * 32}-400.webp",
        "../secrets/mongodb",
        "..%2f..%2fsecrets/mongodb",
        "00//etc/passwd",
    ):
        answer = client.get(f"/media/{path}")

        assert (path, answer.status_code) == (path, 404)
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/media/%00").status_code == 400


def test_the_same_picture_has_the_same_address_and_a_new_one_another(
    at_alice, at_bob, alice, bob, settings
):
    def address_of(person):
        return person.get("/api/v1/accounts/verify_credentials").json["avatar"]

    for browser in (at_alice, at_bob):
        browser.send(PLACE, avatar=file_of(plain()), **EMPTY)
    first = address_of(alice)
    assert first == address_of(bob)
    assert len(files_in(settings)) == 2
    at_alice.send(PLACE, avatar=file_of(plain(colour=BLUE)), **EMPTY)

    assert address_of(alice) != first


@pytest.mark.parametrize(
    "name", ["an SVG", "a PNG cut off", "a PNG of 20,000 by 20,000"]
)
def test_a_refused_picture_keeps_the_texts_and_stores_nothing(at_alice, settings, name):
    content, word = HOSTILE[name]
    fields = {
        "display_name": "Alice the Great",
        "fields[0][name]": "Page",
        "fields[0][value]": "a.example",
    }

    page = at_alice.send(PLACE, 422, avatar=file_of(content), bio="Hello", **fields)

    assert word in page.wrong("avatar")
    assert page.value("display_name") == "Alice the Great"
    assert page.value("bio") == "Hello"
    assert page.value("fields[0][name]") == "Page"
    assert "Choose your pictures again" in page.words
    assert files_in(settings) == []


def multipart(visitor, content):
    """Write the body of a form with a file, as a browser does."""
    parts = [
        b'name="csrf_token"\r\n\r\n' + visitor.token.encode(),
        b'name="bio"\r\n\r\nKept',
        b'name="avatar"; filename="me.png"\r\n\r\n' + content,
    ]
    head = b"--b\r\nContent-Disposition: form-data; "
    return b"".join(head + part + b"\r\n" for part in parts) + b"--b--\r\n"


def test_a_picture_that_is_too_large_is_told_the_limit_beside_it(at_alice, settings):
    content = bytes(settings.media_max_bytes + 1)

    answer = at_alice.post_body(PLACE, multipart(at_alice, content))

    page = Page(answer.text)
    assert answer.status_code == 422
    assert "The limit is 8.4 MB" in page.wrong("avatar")
    assert page.value("bio") == "Kept"


def test_a_body_beyond_the_largest_video_is_413(at_alice):
    content = bytes(VIDEO_MAX_BYTES + 300_000)

    answer = at_alice.post_body(PLACE, multipart(at_alice, content))

    assert answer.status_code == 413


def test_other_routes_take_no_more_than_before(at_alice, anybody):
    body = multipart(at_alice, bytes(300_000))

    assert at_alice.post_body("/settings/tokens", body).status_code == 413
    assert anybody.post_body("/settings/tokens", body).status_code == 413


def test_a_picture_of_somebody_unknown_is_read_and_kept_nowhere(anybody, settings):
    body = multipart(anybody, bytes(300_000))

    assert anybody.post_body(PLACE, body).status_code == 303
    assert not settings.media_folder.exists()


def test_a_picture_without_multipart_is_refused(at_alice):
    page = at_alice.send(PLACE, 422, avatar="me.png", **EMPTY)

    assert page.wrong("avatar")


def test_an_empty_field_for_a_file_changes_nothing(at_alice, alice):
    at_alice.send(PLACE, avatar=file_of(plain()), **EMPTY)
    before = alice.get("/api/v1/accounts/verify_credentials").json["avatar"]
    at_alice.send(PLACE, avatar=file_of(b"", ""), banner=file_of(b"", ""), **EMPTY)

    account = alice.get("/api/v1/accounts/verify_credentials").json
    assert account["avatar"] == before


def test_pictures_can_be_removed(at_alice, alice):
    both = {"avatar": file_of(plain()), "banner": file_of(plain())}
    at_alice.send(PLACE, **both, **EMPTY)
    assert at_alice.get(PLACE).all("input", name="remove_avatar")

    at_alice.send(PLACE, remove_avatar="1", remove_banner="1", **EMPTY)

    account = alice.get("/api/v1/accounts/verify_credentials").json
    assert "/avatars/" in account["avatar"]
    assert "/static/" in account["header"]
    assert not at_alice.get(PLACE).all("input", name="remove_avatar")


def test_a_new_picture_wins_over_its_removal(at_alice, alice):
    at_alice.send(PLACE, remove_avatar="1", avatar=file_of(plain()), **EMPTY)

    account = alice.get("/api/v1/accounts/verify_credentials").json
    assert "/media/" in account["avatar"]


def test_on_a_full_disk_the_form_comes_back_whole(at_alice, settings, monkeypatch):
    def is_full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", is_full)

    page = at_alice.send(PLACE, 507, avatar=file_of(plain()), bio="Kept")

    assert page.value("bio") == "Kept"
    assert "no space" in page.words
    assert files_in(settings) == []


def test_a_folder_that_cannot_be_used_is_503(at_alice, settings):
    settings.home.mkdir()
    settings.media_folder.write_text("no folder")

    answer = at_alice.post(PLACE, avatar=file_of(plain()), **EMPTY)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_lines_are_saved_shown_and_emptied(at_alice, alice):
    lines = {
        "fields[0][name]": "Page",
        "fields[0][value]": "https://alice.example",
        "fields[2][name]": " Pronouns ",
        "fields[2][value]": "she\nher",
    }
    at_alice.send(PLACE, **lines, **EMPTY)

    page = at_alice.get(PLACE)
    assert page.value("fields[0][value]") == "https://alice.example"
    assert page.value("fields[1][name]") == "Pronouns"
    assert page.value("fields[1][value]") == "she her"
    assert page.value("fields[2][name]") == ""
    assert len(page.with_class("line")) == MAX_FIELDS
    account = alice.get("/api/v1/accounts/verify_credentials").json
    assert [line["name"] for line in account["fields"]] == ["Page", "Pronouns"]
    at_alice.send(PLACE, **EMPTY)
    assert alice.get("/api/v1/accounts/verify_credentials").json["fields"] == []


def test_half_a_line_is_told_beside_it_and_nothing_is_lost(at_alice):
    page = at_alice.send(
        PLACE,
        422,
        **EMPTY,
        **{"fields[1][value]": "orphan", "fields[3][name]": "x" * 256},
    )

    assert page.wrong("fields[1][name]") == "Enter a label."
    assert "Use up to 255" in page.wrong("fields[3][name]")
    assert page.value("fields[1][value]") == "orphan"


@pytest.mark.parametrize(
    "name", ["fields[4][name]", "fields[-1][name]", "fields[x][name]", "fields[0][x]"]
)
def test_a_line_that_the_form_has_not_is_refused(at_alice, name):
    assert at_alice.post(PLACE, **{name: "x"}).status_code == 422


def test_a_profile_says_when_its_owner_joined(anybody, alice):
    month = alice.user.created_at.strftime("%B %Y")

    assert f"Joined {month}" in anybody.get("/@alice").words


def test_users_without_a_picture_have_different_ones_that_never_change(
    anybody, app, alice, bob
):
    pictures = {}
    for name in ("alice", "bob"):
        [shown] = [
            image["src"]
            for image in anybody.get(f"/@{name}").all("img")
            if image.get("class") == "avatar"
        ]
        answer = app.test_client().get(shown)
        assert answer.content_type == "image/svg+xml; charset=utf-8"
        assert "immutable" in answer.headers["Cache-Control"]
        pictures[name] = answer.text

    assert pictures["alice"] != pictures["bob"]
    assert pictures["alice"].endswith(">A</text></svg>")


@pytest.mark.parametrize("name", ["1-12-a.svg", "0-1-a.svg", "1-1-A.svg", "1-1.svg"])
def test_there_is_no_default_picture_of_another_name(anybody, name):
    anybody.get(f"/avatars/{name}", 404)


def meta(page):
    """What other sites show of a link to a page."""
    found = {m.get("property"): m.get("content") for m in page.all("meta")}
    return {name: found[f"og:{name}"] for name in ("type", "title", "description")}


def test_links_to_profiles_and_kwips_have_previews(anybody, alice, settings):
    said = alice.say("A thing worth saying.")
    hidden = alice.say("Plums are ripe.", spoiler_text="Fruit")

    assert meta(anybody.get("/@alice")) == {
        "type": "profile",
        "title": "Alice (@alice)",
        "description": "Kwips by Alice",
    }
    page = anybody.get(f"/@alice/{said['id']}")
    assert meta(page)["description"] == "A thing worth saying."
    assert page.one("meta", property="og:url")["content"] == said["url"]
    image = page.one("meta", property="og:image")["content"]
    assert image.startswith(settings.origin)
    assert ".png?v=" in image
    page = anybody.get(f"/@alice/{hidden['id']}")
    assert meta(page)["description"] == "Fruit"
