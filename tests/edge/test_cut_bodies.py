"""Bodies that broke off on their way, as gunicorn hands them over."""

from __future__ import annotations

import io

import pytest


class Garbled(io.BytesIO):
    """A chunked body whose next chunk has no length, as gunicorn says it."""

    def read(self, _size=-1):
        raise OSError("Invalid chunk size")

    def readinto(self, _buffer):
        raise OSError("Invalid chunk size")


def send(client, alice, stream, length):
    return client.post(
        "/api/v1/statuses",
        headers={"Authorization": f"Bearer {alice.token}", "Idempotency-Key": "one"},
        content_type="application/x-www-form-urlencoded",
        input_stream=stream,
        environ_overrides={"wsgi.input_terminated": True, **length},
    )


@pytest.mark.parametrize("sent", [b"", b"status=the+whole+lon"])
def test_a_body_that_was_cut_off_is_not_published_and_can_be_sent_again(
    client, alice, sent
):
    whole = b"status=the+whole+long+text"
    length = {"CONTENT_LENGTH": str(len(whole))}

    cut = send(client, alice, io.BytesIO(sent), length)
    again = send(client, alice, io.BytesIO(whole), length)

    assert (cut.status_code, list(cut.json)) == (400, ["error"])
    assert again.status_code == 200
    assert "the whole long text" in again.json["content"]


def test_a_chunk_that_cannot_be_read_is_no_fault_of_ours(client, alice):
    answer = send(client, alice, Garbled(), {"HTTP_TRANSFER_ENCODING": "chunked"})

    assert (answer.status_code, list(answer.json)) == (400, ["error"])
