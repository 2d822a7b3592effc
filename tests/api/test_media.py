"""Files in statuses: uploaded, described, attached, and seen by those who may."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from tests.pictures import on_its_side, opened, plain
from tests.videos import media as made_by
from tests.videos import mp4

ATTACHMENT_KEYS = {
    "id", "type", "url", "preview_url", "remote_url", "preview_remote_url",
    "text_url", "meta", "description", "blurhash",
}  # fmt: skip


def upload(person, content=None, path="/api/v2/media", **fields):
    picture = (io.BytesIO(content or plain(size=(640, 480))), "me.png")
    answer = person.post(path, data={"file": picture, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json


def send_video(person, content=None, path="/api/v2/media", **fields):
    video = (io.BytesIO(content or mp4(seconds=0.3, size=(64, 48))), "me.mp4")
    return person.post(path, data={"file": video, **fields})


def convert(wiring, media):
    """Do what a worker does with an upload."""
    (found,) = wiring.services.attachments.store.after(int(media["id"]) - 1, 1)
    return wiring.services.processing.convert(found.owner_id, found.id)


def get(client, address, **headers):
    """Give the answer from an address of a file, read to its end."""
    path = address[address.index("/media/") :]
    with client.get(path, headers=headers) as answer:
        answer.get_data()
        return answer


def test_a_picture_of_a_status_is_on_its_followers_home(alice, bob, client):
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    media = upload(alice, description="A red square.")

    status = alice.say("look", media_ids=[media["id"]])

    shown = bob.get(f"/api/v1/accounts/{alice.id}/statuses").json[0]
    [attachment] = shown["media_attachments"]
    assert status["media_attachments"] == [attachment]
    assert set(attachment) == ATTACHMENT_KEYS
    assert attachment["id"] == media["id"]
    assert (attachment["type"], attachment["description"]) == ("image", "A red square.")
    assert attachment["meta"]["original"] == {
        "width": 640,
        "height": 480,
        "size": "640x480",
        "aspect": 640 / 480,
    }
    assert attachment["meta"]["focus"] == {"x": 0, "y": 0}
    answer = get(client, attachment["url"])
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert opened(answer.data).size == (640, 480)
    assert opened(get(client, attachment["preview_url"]).data)


def test_a_picture_tells_nothing_of_where_it_was_taken(alice, client):
    media = upload(alice, on_its_side())
    status = alice.say("", media_ids=[media["id"]])

    address = status["media_attachments"][0]["url"]
    picture = opened(get(client, address).data)
    assert picture.height > picture.width
    assert not picture.getexif()


def test_a_status_with_a_picture_needs_no_text(alice):
    status = alice.say("", media_ids=[upload(alice)["id"]])

    assert status["content"] == ""
    assert len(status["media_attachments"]) == 1


@pytest.mark.parametrize("status", ["", "  ", None])
def test_a_status_with_nothing_in_it_is_refused(alice, status):
    answer = alice.post("/api/v1/statuses", json={"status": status, "media_ids": [""]})

    assert answer.status_code == 422
    assert "status" in answer.json["details"]


def test_a_player_gets_the_part_of_a_file_that_it_asks_for(alice, client):
    status = alice.say("", media_ids=[upload(alice)["id"]])
    address = status["media_attachments"][0]["url"]
    whole = get(client, address)

    part = get(client, address, Range="bytes=2-5")
    same = get(client, address, **{"If-None-Match": whole.headers["ETag"]})
    beyond = get(client, address, Range="bytes=9999999-")
    longer = get(client, address, Range="bytes=-99999999")
    others = [
        get(client, address, Range=other)
        for other in ("lines=0-1", "bytes=0-1,4-5", "bytes=x", "bytes=5-2")
    ]
    changed = get(client, address, Range="bytes=2-5", **{"If-Range": '"older"'})
    size = len(whole.data)

    assert (part.status_code, part.data) == (206, whole.data[2:6])
    assert part.headers["Content-Range"] == f"bytes 2-5/{len(whole.data)}"
    assert (same.status_code, same.data) == (304, b"")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (
        416,
        f"bytes */{size}",
    )
    assert (longer.status_code, longer.data) == (206, whole.data)
    assert longer.headers["Content-Range"] == f"bytes 0-{size - 1}/{size}"
    for answer in (*others, changed):
        assert (answer.status_code, answer.data) == (200, whole.data)


def test_an_older_app_uploads_at_the_older_address(alice):
    media = upload(alice, path="/api/v1/media", focus="0.5,-1")

    assert media["meta"]["focus"] == {"x": 0.5, "y": -1}
    assert alice.get(f"/api/v1/media/{media['id']}").json == media


def test_a_file_is_described_before_it_is_posted(alice, bob):
    path = f"/api/v1/media/{upload(alice)['id']}"

    changed = alice.ask("PUT", path, json={"description": " Red. ", "focus": "0,1"})

    assert changed.json["description"] == "Red."
    assert changed.json["meta"]["focus"] == {"x": 0, "y": 1}
    assert bob.ask("PUT", path, json={"description": "Mine"}).status_code == 404
    assert bob.get(path).status_code == 404


@pytest.mark.parametrize("focus", ["x", "1", "1,2,3", "nan,0", "2,0", "0,-1.5"])
def test_a_focus_is_two_numbers_within_the_picture(alice, focus):
    path = f"/api/v1/media/{upload(alice)['id']}"

    answer = alice.ask("PUT", path, json={"focus": focus})

    assert answer.status_code == 422
    assert list(answer.json["details"]) == ["focus"]


def test_a_preview_of_ones_own_is_refused_and_not_lost(alice):
    picture = (io.BytesIO(plain()), "me.png")
    thumbnail = (io.BytesIO(plain()), "small.png")

    answer = alice.post("/api/v2/media", data={"file": picture, "thumbnail": thumbnail})

    assert answer.status_code == 422
    assert list(answer.json["details"]) == ["thumbnail"]


def test_a_file_is_what_it_contains_whatever_it_is_called(alice, client):
    def send(content, *called):
        return alice.post("/api/v2/media", data={"file": (content, *called)})

    # A page and an archive are in it, too.
    both = plain("JPEG") + b"<!doctype html><script>alert(1)</script>PK\5\6" + bytes(18)
    picture = send(io.BytesIO(both), "me.html", "text/html")
    video = send(io.BytesIO(mp4(seconds=0.2)), "me.png", "image/png")
    page = send(io.BytesIO(b"<!doctype html>"), "me.png", "image/png")

    assert (picture.status_code, picture.json["type"]) == (200, "image")
    assert (video.status_code, video.json["type"]) == (202, "video")
    assert (page.status_code, list(page.json["details"])) == (422, ["file"])
    stored = get(client, picture.json["url"])
    assert (stored.content_type, b"script" in stored.data) == ("image/webp", False)
    assert stored.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["file", "thumbnail"])
def test_an_upload_does_not_get_another_file(alice, name):
    path = f"/api/v1/media/{upload(alice)['id']}"
    other = (io.BytesIO(plain()), "other.png")

    answer = alice.ask("PUT", path, data={name: other, "description": "Other"})

    assert answer.status_code == 422
    assert list(answer.json["details"]) == [name]
    assert alice.get(path).json["description"] is None


@pytest.mark.parametrize("body", [{}, {"file": "text"}])
def test_an_upload_without_a_file_says_what_to_do(alice, body):
    answer = alice.post("/api/v2/media", data=body)

    assert answer.status_code == 422
    assert list(answer.json["details"]) == ["file"]


def test_a_video_is_taken_in_with_202_and_shown_when_it_is_converted(
    alice, wiring, client
):
    answer = send_video(alice, description="A loaf rises.")
    media, path = answer.json, f"/api/v1/media/{answer.json['id']}"
    assert answer.status_code == 202
    assert set(media) == ATTACHMENT_KEYS
    assert (media["type"], media["url"], media["preview_url"]) == ("video", None, None)
    assert media["meta"] == {}
    early = alice.get(path)
    refused = alice.post("/api/v1/statuses", json={"media_ids": [media["id"]]})
    assert (early.status_code, early.json) == (206, media)
    assert refused.status_code == 422
    assert "still being processed" in refused.text

    convert(wiring, media)

    ready = alice.get(path)
    assert (ready.status_code, ready.json["description"]) == (200, "A loaf rises.")
    status = alice.say("", media_ids=[media["id"]])
    (shown,) = status["media_attachments"]
    assert shown["type"] == "video"
    assert shown["meta"]["original"]["width"] == 64
    assert 0.2 < shown["meta"]["original"]["duration"] < 0.5
    assert opened(get(client, shown["preview_url"]).data).size == (64, 48)


def test_a_player_gets_parts_of_a_video(alice, wiring, client):
    media = send_video(alice).json
    convert(wiring, media)
    (shown,) = alice.say("", media_ids=[media["id"]])["media_attachments"]
    whole = get(client, shown["url"])
    size = len(whole.data)

    part = get(client, shown["url"], Range="bytes=0-1")
    rest = get(client, shown["url"], Range=f"bytes={size - 10}-")
    last = get(client, shown["url"], Range="bytes=-10")

    assert shown["url"].endswith("-video.mp4")
    assert whole.content_type == "video/mp4"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert (part.status_code, part.data) == (206, whole.data[:2])
    assert part.headers["Content-Range"] == f"bytes 0-1/{size}"
    assert (rest.status_code, rest.data) == (206, whole.data[-10:])
    assert (last.status_code, last.data) == (206, whole.data[-10:])
    assert part.content_type == "video/mp4"


@pytest.mark.parametrize(
    ("muxer", "encoder", "ending", "content_type"),
    [
        ("mp3", "libmp3lame", "-audio.mp3", "audio/mpeg"),
        ("ipod", "aac", "-audio.m4a", "audio/mp4"),
        ("ogg", "libopus", "-audio.ogg", "audio/ogg"),
    ],
)
def test_a_sound_is_served_as_what_it_is(
    alice, wiring, client, muxer, encoder, ending, content_type
):
    media = send_video(alice, made_by(muxer, sound=encoder, seconds=0.3)).json
    convert(wiring, media)

    (shown,) = alice.say("", media_ids=[media["id"]])["media_attachments"]

    assert (shown["type"], shown["preview_url"]) == ("audio", None)
    assert shown["url"].endswith(ending)
    assert get(client, shown["url"]).content_type == content_type


def test_an_older_app_gets_200_for_a_video_without_its_address(alice):
    answer = send_video(alice, path="/api/v1/media")

    assert (answer.status_code, answer.json["url"]) == (200, None)


def test_a_file_that_cannot_be_converted_is_told_with_422_and_why(alice, wiring):
    media = send_video(alice, mp4(seconds=0.3)[:900]).json
    convert(wiring, media)

    answer = alice.get(f"/api/v1/media/{media['id']}")

    assert answer.status_code == 422
    assert "damaged" in answer.json["details"]["file"][0]["description"]


@pytest.mark.alone
def test_a_large_video_is_not_held_in_memory(alice, tmp_path):
    head = (
        b"--b\r\nContent-Disposition: form-data; "
        b'name="file"; filename="me.mp4"\r\n\r\n\x00\x00\x00\x18ftypisom'
    )
    with (tmp_path / "body").open("w+b") as body:
        body.write(head)
        body.seek(40_000_000)
        body.write(b"\r\n--b--\r\n")
        size = body.tell()
        body.seek(0)
        send_video(alice)  # whatever is made only once
        tracemalloc.start()
        try:
            answer = alice.post(
                "/api/v2/media",
                input_stream=body,
                content_length=size,
                content_type="multipart/form-data; boundary=b",
            )
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert answer.status_code == 202
    assert most < 5_000_000


def test_an_upload_is_deleted_before_it_is_posted_and_not_after(alice, client):
    media, posted = upload(alice), upload(alice)
    alice.say("", media_ids=[posted["id"]])

    assert alice.ask("DELETE", f"/api/v1/media/{media['id']}").status_code == 200
    assert get(client, media["url"]).status_code == 404
    assert alice.ask("DELETE", f"/api/v1/media/{media['id']}").status_code == 404
    assert alice.ask("DELETE", f"/api/v1/media/{posted['id']}").status_code == 409


def test_an_edit_in_an_app_replaces_the_files(alice, client):
    first, second, third = (upload(alice, plain(size=(n, 9))) for n in (9, 10, 11))
    status = alice.say("look", media_ids=[first["id"], second["id"]])

    edited = alice.ask(
        "PUT",
        f"/api/v1/statuses/{status['id']}",
        json={
            "status": "look",
            "media_ids": [third["id"], second["id"]],
            "media_attributes": [{"id": second["id"], "description": "Ten wide."}],
        },
    ).json

    media = edited["media_attachments"]
    assert [each["id"] for each in media] == [third["id"], second["id"]]
    assert [each["description"] for each in media] == [None, "Ten wide."]
    gone = status["media_attachments"][0]["url"]
    assert get(client, gone).status_code == 404
    assert all(get(client, each["url"]).status_code == 200 for each in media)
    versions = client.get(f"/api/v1/statuses/{status['id']}/history").json
    assert [v["media_attachments"] for v in versions] == [media[1:], media]


def test_an_edit_without_media_ids_keeps_the_files(alice):
    status = alice.say("one", media_ids=[upload(alice)["id"]])

    edited = alice.ask(
        "PUT", f"/api/v1/statuses/{status['id']}", json={"status": "two"}
    ).json

    assert edited["media_attachments"] == status["media_attachments"]


def test_a_deleted_status_can_be_written_again_with_its_files(alice, client):
    status = alice.say("tpyo", media_ids=[upload(alice)["id"]])
    public = status["media_attachments"][0]["url"]

    deleted = alice.ask("DELETE", f"/api/v1/statuses/{status['id']}").json

    (media,) = deleted["media_attachments"]
    assert deleted["text"] == "tpyo"
    assert get(client, public).status_code == 404
    assert get(client, media["url"]).status_code == 200
    again = alice.say("typo", media_ids=[media["id"]])
    assert again["media_attachments"][0]["url"] == public
    assert get(client, public).status_code == 200


def test_an_app_may_delete_the_files_with_their_status(alice, client):
    status = alice.say("", media_ids=[upload(alice)["id"]])

    alice.ask("DELETE", f"/api/v1/statuses/{status['id']}?delete_media=true")

    media = status["media_attachments"][0]
    assert get(client, media["url"]).status_code == 404
    assert alice.get(f"/api/v1/media/{media['id']}").status_code == 404


@pytest.mark.parametrize("word", ["private", "direct"])
def test_files_of_a_private_status_have_signed_addresses(alice, bob, client, word):
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    media = upload(alice)
    status = alice.say("@bob look", visibility=word, media_ids=[media["id"]])

    (seen,) = bob.get(f"/api/v1/statuses/{status['id']}").json["media_attachments"]

    path, _, query = seen["url"].partition("?")
    assert path.endswith(f"/media/private/{media['id']}/large.webp")
    answer = get(client, seen["url"])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, max-age=86400"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert get(client, path).status_code == 403
    assert get(client, f"{path}?{query}0").status_code == 403
    assert get(client, seen["url"].replace("large", "small")).status_code == 403


def test_a_signed_address_ends_with_its_status(alice, client):
    media = upload(alice)
    status = alice.say("look", visibility="private", media_ids=[media["id"]])
    address = status["media_attachments"][0]["url"]
    assert get(client, address).status_code == 200

    alice.ask("DELETE", f"/api/v1/statuses/{status['id']}?delete_media=1")

    assert get(client, address).status_code == 404


def test_a_private_file_is_not_at_an_open_address(alice, client, wiring):
    alice.say("look", visibility="private", media_ids=[upload(alice)["id"]])
    stored = wiring.store.database["attachments"].find_one()["media"]
    name = stored["file"]

    for folder in (name[:2], f"private-{name[:2]}", f"./private-{name[:2]}"):
        for variant in stored["variants"]:
            answer = get(client, f"/media/{folder}/{name}-{variant}")
            assert answer.status_code == 404


def test_an_address_in_an_answer_is_never_about_to_expire(alice, wiring, monkeypatch):
    status = alice.say("look", visibility="private", media_ids=[upload(alice)["id"]])
    signer = wiring.services.attachments.signer
    clock = signer._clock
    seen = set()
    for days in range(4):
        moved_ms = days * 86_400_000
        monkeypatch.setattr(signer, "_clock", lambda ms=moved_ms: clock() + ms)
        # A list is written from what the process remembers.
        path = f"/api/v1/accounts/{alice.id}/statuses?limit={days + 1}"
        (shown,) = alice.get(path).json
        address = shown["media_attachments"][0]["url"]
        expires_s = int(address.partition("expires=")[2].partition("&")[0])
        assert expires_s * 1_000 - signer._clock() > 86_400_000
        seen.add(address)

    assert len(seen) == 4
    assert status["id"] == shown["id"]


def test_an_account_lists_what_has_files_alone(alice, bob, client):
    alice.say("no picture")
    first = alice.say("one", media_ids=[upload(alice)["id"]])
    two, three = (upload(alice)["id"] for _ in range(2))
    private = alice.say("two", media_ids=[two], visibility="private")
    reply = alice.say("three", in_reply_to_id=first["id"], media_ids=[three])
    theirs = bob.say("theirs", media_ids=[upload(bob)["id"]])
    alice.post(f"/api/v1/statuses/{theirs['id']}/reblog")
    path = f"/api/v1/accounts/{alice.id}/statuses?only_media=true"

    def listed(person, query=""):
        return [s["id"] for s in person.get(path + query).json]

    assert listed(alice) == [s["id"] for s in (reply, private, first)]
    assert listed(client) == [s["id"] for s in (reply, first)]
    assert listed(client, "&exclude_replies=1") == [reply["id"], first["id"]]
    assert listed(client, f"&limit=1&max_id={reply['id']}") == [first["id"]]
    assert listed(client, f"&min_id={first['id']}") == [reply["id"]]


def test_a_status_that_gains_or_loses_its_files_moves_in_that_list(alice, client):
    status = alice.say("look")
    path = f"/api/v1/accounts/{alice.id}/statuses?only_media=true"
    here = f"/api/v1/statuses/{status['id']}"
    assert client.get(path).json == []

    for media_ids in ([upload(alice)["id"]], []):
        alice.ask("PUT", here, json={"status": "look", "media_ids": media_ids})
        assert len(client.get(path).json) == len(media_ids)
