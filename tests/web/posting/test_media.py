"""Pictures in the forms for kwips, and on the pages that show them."""

from __future__ import annotations

import io

import pytest

from tests.pictures import BLUE, RED, opened, plain
from tests.videos import mp4


def picture(colour=RED, size=(640, 480), name="me.png", kind="PNG"):
    return (io.BytesIO(plain(kind, size=size, colour=colour)), name)


def broken():
    return (io.BytesIO(b"<svg onload=alert(1)>"), "me.svg")


def shown(page):
    """Give the pictures of kwips on a page."""
    return [e for e in page.all("img") if any("media" in _classes(i) for i in e.inside)]


def _classes(element):
    return (element.get("class") or "").split()


def refused(at_alice, files):
    """Send a kwip with files of which not all can be used; give the form again."""
    key = at_alice.get("/compose").value("key")
    return at_alice.send(
        "/compose", 422, text="Look", key=key, visibility="public", file=files
    )


def attached(page):
    """Give the ids of what a form has attached, in order."""
    return [e["value"] for e in page.all("input", name="media_ids[]")]


def edit_of(page):
    """Give where the one kwip on a page is edited."""
    addresses = {e.get("href") or "" for e in page.all("a")}
    (path,) = [address for address in addresses if address.endswith("/edit")]
    return path


def read(client, address):
    with client.get(address[address.index("/media/") :]) as answer:
        return answer.get_data(), answer.status_code


def test_a_picture_from_the_form_is_on_a_followers_home(
    at_alice, at_bob, alice, bob, wiring, client
):
    bob.post(f"/api/v1/accounts/{alice.id}/follow")

    said = at_alice.write(
        "Look", file=picture(), **{"file_description[]": ["A red square.", ""]}
    )

    assert said == "/home"
    (image,) = shown(at_alice.get("/home"))
    assert (image["alt"], image["loading"]) == ("A red square.", "lazy")
    assert (image["width"], image["height"]) == ("640", "480")
    assert image["data-blurhash"]
    (link,) = [e for e in image.inside if e.tag == "a"]
    assert opened(read(client, link["href"])[0]).size == (640, 480)
    assert opened(read(client, image["src"])[0])
    (seen,) = shown(at_bob.get("/@alice"))
    assert seen["src"] == image["src"]


def test_a_kwip_may_be_pictures_alone(at_alice):
    at_alice.write("", file=[picture(), picture(BLUE)])

    page = at_alice.get("/@alice")
    assert len(shown(page)) == 2
    assert page.texts == []


def test_pictures_of_a_text_that_is_too_long_are_kept(at_alice):
    page = at_alice.send(
        "/compose",
        422,
        text="x" * 501,
        key=at_alice.get("/compose").value("key"),
        visibility="public",
        is_sensitive="1",
        file=[picture(), picture(BLUE)],
        **{"file_description[]": ["Red.", "Blue."]},
    )

    assert page.wrong("text") == "Use up to 500 characters. This has 1 too many."
    ids = attached(page)
    assert len(ids) == 2
    words = [page.value(f"media_description[{each}]") for each in ids]
    assert words == ["Red.", "Blue."]
    assert [page.value(f"media_place[{each}]") for each in ids] == ["1", "2"]
    assert "checked" in page.one("input", name="is_sensitive").attributes
    at_alice.send(
        "/compose",
        text="Short",
        key=page.value("key"),
        visibility="public",
        **{
            "media_ids[]": ids,
            f"media_description[{ids[0]}]": "A red square.",
            f"media_place[{ids[1]}]": "1",
            f"media_place[{ids[0]}]": "1",
        },
    )
    images = shown(at_alice.get("/@alice"))
    assert [e["alt"] for e in images] == ["Blue.", "A red square."]


def test_an_uploaded_picture_can_be_removed_from_the_form(at_alice, wiring, alice):
    page = at_alice.send(
        "/compose",
        422,
        text="x" * 501,
        key=at_alice.get("/compose").value("key"),
        visibility="public",
        file=[picture(), picture(BLUE)],
    )
    ids = attached(page)

    at_alice.send(
        "/compose",
        text="One",
        key=page.value("key"),
        visibility="public",
        **{"media_ids[]": ids, "media_remove[]": ids[:1]},
    )

    assert len(shown(at_alice.get("/@alice"))) == 1
    left = wiring.store.database["attachments"].find({}, {"_id": 1})
    assert [str(d["_id"]) for d in left] == ids[1:]


def test_of_several_files_those_that_can_be_used_are_kept(at_alice):
    page = refused(at_alice, [picture(), broken()])

    assert page.wrong("file").startswith("me.svg: This isn't")
    assert page.value("text") == "Look"
    assert len(attached(page)) == 1


def test_a_fifth_picture_is_refused_and_four_are_kept(at_alice):
    page = refused(at_alice, [picture(size=(9 + n, 9)) for n in range(5)])

    assert "A kwip can have up to 4 pictures." in page.words
    assert len(attached(page)) == 4


def test_refused_files_count_among_those_of_a_form(at_alice):
    page = refused(at_alice, [*[broken() for _ in range(4)], picture()])

    assert "A kwip can have up to 4 pictures." in page.words
    assert attached(page) == []


def test_a_form_with_a_picture_that_is_sent_twice_makes_one_kwip(at_alice):
    key = at_alice.get("/compose").value("key")

    for _ in range(2):
        sent = {"text": "Once", "key": key, "visibility": "public"}
        assert at_alice.send("/compose", file=picture(), **sent) == "/home"

    page = at_alice.get("/home")
    assert page.texts == ["Once"]
    assert len(shown(page)) == 1


def test_a_text_with_a_picture_survives_a_session_that_has_ended(anybody, settings):
    answer = anybody.post(
        "/compose",
        text="Long and dear",
        key="k",
        visibility="public",
        file=picture(size=(400, 300), kind="BMP"),
    )

    assert answer.status_code == 401
    assert "Long and dear" in answer.text
    assert "Copy your text, log in, and post it again." in answer.text
    assert not settings.media_folder.exists()


def test_sensitive_pictures_are_covered_until_they_are_opened(at_alice):
    at_alice.write("Look", file=picture(), is_sensitive="1")

    page = at_alice.get("/@alice")
    (image,) = shown(page)
    assert page.with_class("covered")[0] in image.inside
    (text,) = page.with_class("post-text")
    assert page.with_class("covered")[0] not in text.inside


def test_an_edit_keeps_adds_removes_and_moves_pictures(at_alice):
    at_alice.write("Look", file=[picture(), picture(BLUE)])
    (_, second) = shown(at_alice.get("/@alice"))
    path = edit_of(at_alice.get("/@alice"))
    form = at_alice.get(path)
    ids = attached(form)

    at_alice.send(
        path,
        text="",
        file=picture((9, 99, 9)),
        **{
            "media_ids[]": ids,
            f"media_description[{ids[1]}]": "Blue.",
            "media_remove[]": ids[:1],
            "file_description[]": ["Green."],
        },
    )

    history = at_alice.get(path.replace("/edit", "/history"))
    assert [e["alt"] for e in shown(history)] == ["Blue.", "Green.", "Blue."]
    assert "1 attachment was removed since." in history.words
    page = at_alice.get("/@alice")
    assert [e["alt"] for e in shown(page)] == ["Blue.", "Green."]
    assert shown(page)[0]["src"] == second["src"]
    assert page.texts == []


def test_a_removed_pictures_file_is_gone_at_once(at_alice, client):
    at_alice.write("Look", file=picture())
    (image,) = shown(at_alice.get("/@alice"))
    path = edit_of(at_alice.get("/@alice"))
    ids = attached(at_alice.get(path))
    assert read(client, image["src"])[1] == 200

    removed = {"media_ids[]": ids, "media_remove[]": ids}
    at_alice.send(path, text="Nothing to see", **removed)

    assert read(client, image["src"])[1] == 404


def test_a_script_uploads_describes_and_removes_a_file(at_alice, wiring):
    made = at_alice.post("/compose/media", file=picture())
    assert made.status_code == 200
    assert made.json["meta"]["small"]["width"] == 640
    path = f"/compose/media/{made.json['id']}"

    changed = at_alice.post(path, description="Red.", focus="0.5,-0.5")
    assert changed.json["description"] == "Red."
    assert changed.json["meta"]["focus"] == {"x": 0.5, "y": -0.5}
    assert at_alice.post(f"{path}/delete").status_code == 200
    assert wiring.store.database["attachments"].count_documents({}) == 0
    assert at_alice.post(path, description="Red.").status_code == 404


@pytest.mark.parametrize("path", ["", "/1", "/1/delete"])
def test_a_script_needs_a_session_and_its_form_token(at_alice, anybody, path):
    assert anybody.post(f"/compose/media{path}").status_code == 303
    wrong = at_alice.post(f"/compose/media{path}", csrf_token="wrong")
    assert wrong.status_code == 403


def test_the_settings_say_how_much_space_ones_files_use(at_alice, wiring, alice):
    assert (
        "The files in your kwips use 0 Bytes of 2.0 GB."
        in at_alice.get("/settings/profile").words
    )

    at_alice.write("", file=picture(size=(1_000, 1_000)))

    (upload,) = wiring.services.attachments.store.after(0, 9)
    page = at_alice.get("/settings/profile")
    assert f"use {upload.size_bytes / 1_000:.1f} kB of 2.0 GB." in page.words


def test_a_profile_has_a_tab_of_what_has_pictures(at_alice, anybody):
    assert "No media yet" in anybody.get("/@alice/media").words
    at_alice.write("Words alone")
    at_alice.write("With a picture", file=picture())

    page = anybody.get("/@alice/media")

    assert page.texts == ["With a picture"]
    (here,) = page.all("a", aria_current="page", href="/@alice/media")
    assert here.words == "Media"


def test_a_form_with_a_video_comes_back_with_it_until_it_is_converted(at_alice, wiring):
    video = (io.BytesIO(mp4(seconds=0.3, size=(64, 48))), "me.mp4")
    key = at_alice.get("/compose").value("key")

    early = at_alice.send("/compose", 422, text="Look", key=key, file=video)

    (media_id,) = attached(early)
    assert "still being processed" in early.wrong("file")
    assert early.value("text") == "Look"
    again = {"text": "Look", "key": early.value("key"), "media_ids[]": [media_id]}
    assert attached(at_alice.send("/compose", 422, **again)) == [media_id]
    (upload,) = wiring.services.attachments.store.after(0, 9)
    wiring.services.processing.convert(upload.owner_id, upload.id)

    at_alice.send("/compose", **again)

    (shown,) = at_alice.get("/home").all("video")
    assert shown["src"].endswith("-video.mp4")
    assert shown["poster"].endswith("-small.webp")


def test_who_requires_descriptions_is_told_which_file_has_none(at_alice, alice):
    at_alice.send("/settings/reading", requires_descriptions="1")
    box = at_alice.get("/settings/reading").one("input", name="requires_descriptions")
    assert "checked" in box.attributes

    page = at_alice.send(
        "/compose",
        422,
        text="Look",
        key=at_alice.get("/compose").value("key"),
        visibility="public",
        file=[picture(), picture(BLUE)],
        **{"file_description[]": ["Red.", ""]},
    )
    ids = attached(page)
    refused = alice.post("/api/v1/statuses", json={"media_ids": ids[1:]})

    wrong = "Add a description to file 2. Your settings require one."
    assert wrong in page.words
    assert refused.status_code == 422
    problem = refused.json["details"]["media_ids"][0]["description"]
    assert problem.startswith("Add a description. Your")
    at_alice.send(
        "/compose",
        text="Look",
        key=page.value("key"),
        visibility="public",
        **{"media_ids[]": ids, f"media_description[{ids[1]}]": "Blue."},
    )
    path = edit_of(at_alice.get("/@alice"))
    again = at_alice.send(
        path,
        422,
        text="Look",
        **{"media_ids[]": ids, f"media_description[{ids[0]}]": ""},
    )
    assert "Add a description to file 1." in again.words


def test_what_stays_in_view_is_chosen_without_a_script(at_alice):
    at_alice.write("", file=[picture(), picture(BLUE)])
    path = edit_of(at_alice.get("/@alice"))
    ids = attached(at_alice.get(path))

    at_alice.send(
        path,
        text="",
        **{
            "media_ids[]": ids,
            f"media_focus[{ids[0]}]": "1,-1",
            f"media_focus[{ids[1]}]": "",
        },
    )

    first, second = shown(at_alice.get("/@alice"))
    assert {"focus-x4", "focus-y4"} <= set(first["class"].split())
    assert {"focus-x2", "focus-y2"} <= set(second["class"].split())
