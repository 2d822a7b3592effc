"""Bodies that broke off on their way, as gunicorn hands them over."""

from __future__ import annotations

import io

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

CHUNKED = b"POST / HTTP/1.1\r\nHost: kwip\r\nTransfer-Encoding: chunked\r\n\r\n"
FIRST = b"7\r\nstatus=\r\n"


def as_gunicorn_reads(raw):
    """Give the body of a request as gunicorn hands it to the app."""
    requests = RequestParser(Config(), iter([raw]), ("127.0.0.1", 1))
    return next(requests).body


def send(client, alice, stream, length):
    return client.post(
        "/api/v1/statuses",
        headers={"Authorization": f"Bearer {alice.token}", "Idempotency-Key": "one"},
        content_type="application/x-www-form-urlencoded",
        environ_overrides={
            "wsgi.input": stream,
            "wsgi.input_terminated": True,
            **length,
        },
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


@pytest.mark.parametrize(
    "chunks",
    [
        *(
            b"zz\r\nhello\r\n",
            b"\r\n",
            b"-5\r\nhello\r\n0\r\n\r\n",
            b"5 5\r\nhello\r\n",
        ),
        *(b"5\r\nhello0\r\n\r\n", b"5;a=\rb\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b""),
        *(b"0\r\nno trailer\r\n\r\n", b"0\r\nx: " + b"x" * 70_000),
    ],
    ids=lambda chunks: repr(chunks[:24]),
)
def test_a_chunk_that_cannot_be_read_is_no_fault_of_ours(client, alice, chunks):
    stream = as_gunicorn_reads(CHUNKED + FIRST + chunks)
    answer = send(client, alice, stream, {"HTTP_TRANSFER_ENCODING": "chunked"})

    assert (answer.status_code, list(answer.json)) == (400, ["error"])
    assert alice.get("/api/v1/timelines/home").json == []


def test_a_chunked_body_is_read_to_its_end(client, alice):
    stream = as_gunicorn_reads(CHUNKED + FIRST + b"5\r\nhello\r\n0\r\n\r\n")
    answer = send(client, alice, stream, {"HTTP_TRANSFER_ENCODING": "chunked"})

    assert (answer.status_code, answer.json["content"]) == (200, "<p>hello</p>")


def test_a_body_that_is_too_long_and_malformed_is_too_long(client, alice):
    long = b"%x\r\n%s\r\nzz\r\n" % (300_000, b"x" * 300_000)
    stream = as_gunicorn_reads(CHUNKED + FIRST + long)
    answer = send(client, alice, stream, {"HTTP_TRANSFER_ENCODING": "chunked"})

    assert answer.status_code == 413
