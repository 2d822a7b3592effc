"""Forms with files: they come whole or not at all, and need little memory."""

from __future__ import annotations

import io
import tempfile
import tracemalloc

import pytest
from PIL import Image

from tests.pictures import encoded

PATH = "/api/v1/accounts/update_credentials"
# Werkzeug leaves the file of a form that it could not read to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def body():
    """Return a form with a photograph of several megabytes and a bio."""
    noise = Image.effect_noise((3_000, 2_000), 90.0).convert("RGB")
    picture = encoded(noise, "JPEG", quality=95)
    assert 3_000_000 < len(picture) < 8_000_000
    head = 'Content-Disposition: form-data; name="avatar"; filename="me.jpg"'
    bio = 'Content-Disposition: form-data; name="note"\r\n\r\nHello'
    return (
        f"--b\r\n{head}\r\n\r\n".encode()
        + picture
        + f"\r\n--b\r\n{bio}\r\n--b--\r\n".encode()
    )


def send(client, alice, stream, length):
    return client.patch(
        PATH,
        headers={"Authorization": f"Bearer {alice.token}"},
        content_type="multipart/form-data; boundary=b",
        input_stream=stream,
        environ_overrides={
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": f"{length}",
        },
    )


def test_a_picture_needs_little_memory_of_the_web_process(client, alice, body):
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.seek(0)
        send(client, alice, io.BytesIO(), 0)  # what is done once is done
        tracemalloc.start()
        answer = send(client, alice, file, len(body))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert answer.status_code == 200
    assert "/media/" in answer.json["avatar"]
    assert peak < 1_500_000


@pytest.mark.parametrize("part", [0.0, 0.5, 0.999])
def test_a_form_that_was_cut_off_changes_nothing_and_can_be_sent_again(
    client, alice, body, part
):
    sent = body[: int(part * len(body))]

    cut = send(client, alice, io.BytesIO(sent), len(body))
    assert (cut.status_code, list(cut.json)) == (400, ["error"])
    again = send(client, alice, io.BytesIO(body), len(body))
    assert again.status_code == 200
    assert again.json["note"] == "<p>Hello</p>"


def test_a_picture_for_which_the_disk_has_no_room_is_refused(
    client, alice, body, monkeypatch
):
    def is_full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", is_full)

    assert send(client, alice, io.BytesIO(body), len(body)).status_code == 507
