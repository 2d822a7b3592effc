"""Files in statuses: uploaded, described, attached, and seen by those who may."""

from __future__ import annotations

import io

import pytest

from tests.pictures import on_its_side, opened, plain

ATTACHMENT_KEYS = {
    "id", "type", "url", "preview_url", "remote_url", "preview_remote_url",
    "text_url", "meta", "description", "blurhash",
}  # fmt: skip


def upload(person, content=None, path="/api/v2/media", **fields):
    picture = (io.BytesIO(content or plain(size=(640, 480))), "me.png")
    answer = person.post(path, data={"file": picture, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json


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

    assert (part.status_code, part.data) == (206, whole.data[2:6])
    assert part.headers["Content-Range"] == f"bytes 2-5/{len(whole.data)}"
    assert (same.status_code, same.data) == (304, b"")
    assert beyond.status_code == 416
